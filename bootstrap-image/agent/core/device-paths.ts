/** Where things lie on the device. */
export interface DevicePaths {
  /** The personalised file on the FAT partition. */
  readonly card: string;
  readonly deviceKey: string;
  /** The self-signed certificate that carries the key, for containerd. */
  readonly deviceCertificate: string;
  /** The pinned enrolment CA, for containerd. */
  readonly siteCa: string;
  readonly state: string;
  /** Hashes of files checked before, so that a start need not read them again. */
  readonly hashes: string;
  readonly k3s: string;
  readonly images: string;
  readonly k3sConfig: string;
  /** Where containerd gets images from. */
  readonly registries: string;
  /** hosts(5). */
  readonly hosts: string;
  readonly nodePassword: string;
  /** The addresses with which k3s started, on a RAM disk. */
  readonly k3sAddresses: string;
  /** k3s keeps the kubelet's client certificate here. */
  readonly k3sAgent: string;
  readonly consoleText: string;
  readonly issue: string;
  readonly console: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly hostname: string;
  readonly cpuInfo: string;
  readonly memInfo: string;
  readonly routes: string;
  /** Places of the device tree, best first. */
  readonly deviceTrees: readonly string[];
  readonly networkInterfaces: string;
  readonly devices: string;
  /** Device classes of sysfs, one folder each. */
  readonly deviceClasses: string;
  /** 1-Wire sensors and masters, one folder each. */
  readonly oneWire: string;
  readonly cgroupControllers: string;
  readonly clockSynchronised: string;
  /** GET_THROTTLED of the board's firmware. */
  readonly throttled: string;
  /** The kernel's sensors, one folder each. */
  readonly sensors: string;
  /** What was seen of the power since boot; gone with the next one. */
  readonly powerSeen: string;
  /** Places of the activity LED, best first. */
  readonly leds: readonly string[];
  /** What drove the LED before the agent borrowed it; gone with the next boot, as is the agent's doing. */
  readonly ledBorrowed: string;
  /** One empty folder for each wish to see which board this is, named by words and seconds: `amber-otter.30`. */
  readonly identifyWishes: string;
  /** Mounted ext4 file systems, one folder each. */
  readonly ext4: string;
  readonly blockDevices: string;
  readonly mounts: string;
  /** The root file system. */
  readonly root: string;
}

/** All paths below `root`, which is empty on a device and a folder in tests. */
export function devicePaths(root = ''): DevicePaths {
  return {
    card: `${root}/boot/firmware/usher.json`,
    deviceKey: `${root}/var/lib/usher/device.key`,
    deviceCertificate: `${root}/var/lib/usher/device.crt`,
    siteCa: `${root}/var/lib/usher/site-ca.crt`,
    state: `${root}/var/lib/usher/state.json`,
    hashes: `${root}/var/lib/usher/hashes.json`,
    k3s: `${root}/usr/local/bin/k3s`,
    images: `${root}/var/lib/rancher/k3s/agent/images`,
    k3sConfig: `${root}/etc/rancher/k3s/config.yaml`,
    registries: `${root}/etc/rancher/k3s/registries.yaml`,
    hosts: `${root}/etc/hosts`,
    nodePassword: `${root}/etc/rancher/node/password`,
    k3sAddresses: `${root}/run/usher/k3s-addresses.json`,
    k3sAgent: `${root}/var/lib/rancher/k3s/agent`,
    consoleText: `${root}/run/usher/console`,
    issue: `${root}/etc/issue.d/usher.issue`,
    console: `${root}/dev/console`,
    machineId: `${root}/etc/machine-id`,
    bootId: `${root}/proc/sys/kernel/random/boot_id`,
    hostname: `${root}/proc/sys/kernel/hostname`,
    cpuInfo: `${root}/proc/cpuinfo`,
    memInfo: `${root}/proc/meminfo`,
    routes: `${root}/proc/net/route`,
    deviceTrees: [`${root}/sys/firmware/devicetree/base`, `${root}/proc/device-tree`],
    networkInterfaces: `${root}/sys/class/net`,
    devices: `${root}/dev`,
    deviceClasses: `${root}/sys/class`,
    oneWire: `${root}/sys/bus/w1/devices`,
    cgroupControllers: `${root}/sys/fs/cgroup/cgroup.controllers`,
    clockSynchronised: `${root}/run/systemd/timesync/synchronized`,
    throttled: `${root}/sys/devices/platform/soc/soc:firmware/get_throttled`,
    sensors: `${root}/sys/class/hwmon`,
    powerSeen: `${root}/run/usher/power.json`,
    leds: [
      ...['ACT', 'led0'].map((name) => `${root}/sys/class/leds/${name}`),
      // Where the first of them points on a board; a kernel may have no class folder to list it in.
      `${root}/sys/devices/platform/leds/leds/ACT`,
    ],
    ledBorrowed: `${root}/run/usher/led.json`,
    identifyWishes: `${root}/run/usher/identify`,
    ext4: `${root}/sys/fs/ext4`,
    blockDevices: `${root}/sys/block`,
    mounts: `${root}/proc/mounts`,
    root: `${root}/`,
  };
}

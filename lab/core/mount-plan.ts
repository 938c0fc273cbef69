import type { CgroupHierarchy } from './cgroup-plan.ts';

/** One step on the way to a machine's file system; carried out in order by machine.sh, which explains each kind. */
export interface MountStep {
  readonly kind:
    'mount' | 'bind' | 'device' | 'erase' | 'copy' | 'link' | 'shadow' | 'mask' | 'seal' | 'unseal' | 'delegate';
  /** What it comes from on the host; for `mount` the file system's type, for `link` where it points. */
  readonly source: string;
  /** Path in the machine. */
  readonly target: string;
  readonly options: string;
}

/** A folder or file of the host that the machine sees at `to` (default: at the same path), read-only unless said. */
export interface Bind {
  readonly from: string;
  readonly to?: string;
  readonly writable?: boolean;
}

export interface MountPlanOptions {
  /** The machine's folder on the host. */
  readonly folder: string;
  readonly binds: readonly Bind[];
  readonly hierarchies: readonly CgroupHierarchy[];
  /** Mount points of the host, besides `/`, that hold programs or data a machine expects. */
  readonly layers: readonly string[];
  /** Host folders that no machine may see: the state of the labs. */
  readonly hidden: readonly string[];
  /** True when the disk is empty: what the host has of the product or of Kubernetes is then taken off it. */
  readonly firstBoot: boolean;
  /** Folder with a card's files, for a first boot. */
  readonly card?: string;
  /** True when the folder `firmware` holds a device tree. */
  readonly deviceTree: boolean;
  /** Size of a disk of its own, in memory, for what k3s keeps; empty after each boot. Default: the machine's disk. */
  readonly dataDiskMiB?: number;
}

/** containerd's overlayfs snapshotter, kubelet's volumes and SQLite want a real file system below them, not an overlay. */
const REAL_FOLDERS = [
  '/var/lib/rancher',
  '/var/lib/kubelet',
  '/var/lib/containerd',
  '/var/lib/cni',
  '/var/lib/usher',
  '/var/log/pods',
  '/var/log/containers',
  '/boot/firmware',
] as const;

/** What a freshly written card does not have, though the host may: its own services, keys and Kubernetes. */
const NOT_ON_A_CARD = [
  '/etc/systemd/system',
  '/etc/rancher',
  '/etc/cni',
  '/etc/usher',
  '/etc/issue.d',
  '/usr/lib/usher',
  '/usr/local/bin/k3s',
  '/opt/cni',
] as const;

/** Settings of the whole kernel that a kubelet writes: in a machine it writes to a copy, the host keeps its own. */
const SHADOWED_SETTINGS = [
  '/proc/sys/vm/overcommit_memory',
  '/proc/sys/vm/panic_on_oom',
  '/proc/sys/kernel/panic',
  '/proc/sys/kernel/panic_on_oops',
  '/proc/sys/kernel/keys/root_maxkeys',
  '/proc/sys/kernel/keys/root_maxbytes',
] as const;

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'kmsg', 'fuse', 'net/tun'] as const;

/** Folder of a Raspberry Pi with what the machine sees below /sys/devices/platform. */
export const SYSFS_FIXTURES = 'sysfs-fixtures';

/** Part of the fixtures that the machine writes: its LEDs, as files. */
export const LED_FIXTURES = `${SYSFS_FIXTURES}/leds`;

/** Part of the fixtures that stands for /sys/class/tty. */
export const TTY_FIXTURES = `${SYSFS_FIXTURES}/tty`;

/** Where the scripts of the lab lie in a machine. */
export const LAB_FOLDER = '/run/lab-init';

/** Folder on the host where `path` of the machine is kept, whether the machine is on or off. */
export function pathOnDisk(folder: string, path: string): string {
  const real = REAL_FOLDERS.find((each) => path === each || path.startsWith(`${each}/`));
  if (real === undefined) return `${folder}/disk/upper${path}`;
  return `${realFolder(folder, real)}${path.slice(real.length)}`;
}

/** Every step from the empty root to a complete file system. */
export function planMounts(options: MountPlanOptions): MountStep[] {
  return [
    ...rootSteps(options),
    ...(options.firstBoot ? NOT_ON_A_CARD.map((path) => step('erase', '', path)) : []),
    ...kernelSteps(options),
    ...deviceSteps(),
    ...options.hidden.map((path) => step('mount', 'tmpfs', path, 'mode=700')),
    ...REAL_FOLDERS.map((path) => step('bind', realFolder(options.folder, path), path, 'rw')),
    ...(options.dataDiskMiB === undefined
      ? []
      : [step('mount', 'tmpfs', '/var/lib/rancher', `mode=755,size=${String(options.dataDiskMiB)}m`)]),
    ...(options.card === undefined ? [] : [step('copy', `${options.card}/.`, '/')]),
    ...options.binds.map((bind) => step('bind', bind.from, bind.to ?? bind.from, bind.writable === true ? 'rw' : 'ro')),
    ...cgroupSteps(options.hierarchies),
  ];
}

/** Folders that must exist on the host before the steps are carried out. */
export function foldersOf(options: Pick<MountPlanOptions, 'folder' | 'layers'>): string[] {
  const folders = ['root', 'disk/upper', 'disk/work'].map((name) => `${options.folder}/${name}`);
  folders.push(...REAL_FOLDERS.map((path) => realFolder(options.folder, path)));
  for (const path of options.layers) {
    folders.push(`${layerFolder(options.folder, path)}/upper`, `${layerFolder(options.folder, path)}/work`);
  }
  return folders;
}

/** The text that machine.sh reads: one step a line, fields separated by tabs, `-` for an empty one. */
export function toScript(steps: readonly MountStep[]): string {
  const line = (each: MountStep): string =>
    [each.kind, each.source, each.target, each.options].map((field) => (field === '' ? '-' : field)).join('\t');
  return `${steps.map(line).join('\n')}\n`;
}

const DISK_TYPES = ['ext4', 'ext3', 'xfs', 'btrfs', 'f2fs', 'zfs'];
const LAYERED = /^\/(usr|opt|var|home|root|srv|nix)(\/[^/]+)?$/;

/** Mount points besides `/` that a machine needs a layer over: an overlay of `/` does not show what is mounted on it. */
export function layersOf(mountinfo: string): string[] {
  const targets = new Set<string>();
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const target = left.split(' ')[4] ?? '';
    if (LAYERED.test(target) && DISK_TYPES.includes(right.split(' ')[0] ?? '')) targets.add(target);
  }
  return [...targets].sort();
}

function step(kind: MountStep['kind'], source: string, target: string, options = ''): MountStep {
  return { kind, source, target, options };
}

function realFolder(folder: string, path: string): string {
  return `${folder}/disk/real/${flat(path)}`;
}

function layerFolder(folder: string, path: string): string {
  return `${folder}/disk/layers/${flat(path)}`;
}

function flat(path: string): string {
  return path.slice(1).replaceAll('/', '-');
}

function rootSteps({ folder, layers }: MountPlanOptions): MountStep[] {
  // index=off: the host's files may change between two starts, which an indexed overlay refuses to mount over.
  const overlay = (lower: string, own: string): string =>
    `index=off,lowerdir=${lower},upperdir=${own}/upper,workdir=${own}/work`;
  return [
    step('mount', 'overlay', '/', overlay('/', `${folder}/disk`)),
    ...layers.map((path) => step('mount', 'overlay', path, overlay(path, layerFolder(folder, path)))),
  ];
}

function kernelSteps({ folder, deviceTree }: MountPlanOptions): MountStep[] {
  const steps = [
    step('mount', 'tmpfs', '/run', 'mode=755'),
    step('mount', 'tmpfs', '/tmp', 'mode=1777'),
    step('mount', 'proc', '/proc'),
    step('mask', '', '/proc/sysrq-trigger'),
    step('bind', '/proc/sys', '/proc/sys', 'ro'),
    step('unseal', '', '/proc/sys/net'),
    ...SHADOWED_SETTINGS.map((path) => step('shadow', path, path)),
    // A boot of a machine is no boot of the host: random(4) gives a new identity at every reading.
    step('shadow', '/proc/sys/kernel/random/uuid', '/proc/sys/kernel/random/boot_id'),
    step('mount', 'sysfs', '/sys'),
    step('seal', '', '/sys'),
  ];
  if (deviceTree) {
    steps.push(step('mount', 'tmpfs', '/sys/firmware', 'mode=755'));
    steps.push(step('copy', `${folder}/firmware/.`, '/sys/firmware'), step('seal', '', '/sys/firmware'));
    // Fixtures of what a board's firmware tells; they may be changed on the host while the machine runs.
    steps.push(step('bind', `${folder}/${SYSFS_FIXTURES}`, '/sys/devices/platform', 'ro'));
    // Serial adapters hang on USB, of which a machine sees only what its lab plugged in.
    steps.push(step('bind', `${folder}/${TTY_FIXTURES}`, '/sys/class/tty', 'ro'));
    // Except that the machine lights its LEDs itself.
    steps.push(step('bind', `${folder}/${LED_FIXTURES}`, '/sys/devices/platform/leds', 'rw'));
  }
  return steps;
}

function deviceSteps(): MountStep[] {
  return [
    step('mount', 'tmpfs', '/dev', 'mode=755,size=64k'),
    ...DEVICES.map((name) => step('device', `/dev/${name}`, `/dev/${name}`)),
    step('mount', 'devpts', '/dev/pts', 'newinstance,ptmxmode=0666,mode=0620,gid=5'),
    step('mount', 'tmpfs', '/dev/shm', 'mode=1777'),
    step('mount', 'mqueue', '/dev/mqueue'),
    step('link', 'pts/ptmx', '/dev/ptmx'),
    step('link', '/proc/self/fd', '/dev/fd'),
    step('link', '/proc/self/fd/0', '/dev/stdin'),
    step('link', '/proc/self/fd/1', '/dev/stdout'),
    step('link', '/proc/self/fd/2', '/dev/stderr'),
  ];
}

function cgroupSteps(hierarchies: readonly CgroupHierarchy[]): MountStep[] {
  const folder = '/sys/fs/cgroup';
  if (hierarchies.some((hierarchy) => hierarchy.version === 2)) {
    return [step('mount', 'cgroup2', folder), step('delegate', '', folder)];
  }
  const steps = [step('mount', 'tmpfs', folder, 'mode=755')];
  for (const { controllers } of hierarchies) {
    const name = controllers.replace(/^name=/, '');
    steps.push(step('mount', 'cgroup', `${folder}/${name}`, controllers));
    if (name.includes(',')) steps.push(...name.split(',').map((one) => step('link', name, `${folder}/${one}`)));
  }
  return steps;
}

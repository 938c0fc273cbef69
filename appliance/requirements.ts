/** What a requirement is for. The lab needs all that the appliance needs; the tests need all that the lab needs. */
export type Purpose = 'appliance' | 'lab' | 'tests';

/** One program, and the Debian package that brings it. */
export interface Requirement {
  tool: string;
  package: string;
  purpose: Purpose;
  why: string;
  /** Absolute paths that also count as having it. */
  paths?: readonly string[];
}

export const REQUIREMENTS: readonly Requirement[] = [
  { tool: 'ip', package: 'iproute2', purpose: 'appliance', why: 'follows interfaces and the neighbour table' },
  { tool: 'tcpdump', package: 'tcpdump', purpose: 'appliance', why: 'sees DHCP beside any DHCP server' },
  { tool: 'iptables', package: 'iptables', purpose: 'appliance', why: 'Kubernetes services and network policies' },
  { tool: 'mount', package: 'mount', purpose: 'appliance', why: 'Kubernetes volumes' },
  { tool: 'dnsmasq', package: 'dnsmasq-base', purpose: 'lab', why: 'the DHCP server of the virtual router' },
  { tool: 'udhcpc', package: 'udhcpc', purpose: 'lab', why: 'the DHCP client of the virtual Pis' },
  {
    tool: 'busybox',
    package: 'busybox-static',
    purpose: 'lab',
    why: 'the content of the sample image',
    paths: ['/bin/busybox', '/usr/bin/busybox'],
  },
  { tool: 'unshare', package: 'util-linux', purpose: 'lab', why: 'the namespaces of the virtual machines' },
  { tool: 'nsenter', package: 'util-linux', purpose: 'lab', why: 'reaching into the virtual machines' },
  {
    tool: 'go',
    package: 'golang-go',
    purpose: 'lab',
    why: 'builds the k3s stand-in where no k3s release can be had',
    paths: ['/usr/local/go/bin/go', '/usr/lib/go/bin/go'],
  },
  { tool: 'socat', package: 'socat', purpose: 'lab', why: 'the serial lines of the virtual Pis' },
  {
    tool: 'mosquitto',
    package: 'mosquitto',
    purpose: 'lab',
    why: 'the broker through which services talk',
    paths: ['/usr/sbin/mosquitto'],
  },
  { tool: 'runc', package: 'runc', purpose: 'lab', why: 'containers under the k3s stand-in' },
  { tool: 'ipset', package: 'ipset', purpose: 'lab', why: 'kube-proxy of the k3s stand-in' },
  {
    tool: 'bridge (CNI)',
    package: 'containernetworking-plugins',
    purpose: 'lab',
    why: 'pod networks under the k3s stand-in',
    paths: ['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'],
  },
  {
    tool: 'libfaketime',
    package: 'libfaketime',
    purpose: 'tests',
    why: 'a virtual Pi whose clock is wrong',
    paths: ['x86_64', 'aarch64'].map((arch) => `/usr/lib/${arch}-linux-gnu/faketime/libfaketime.so.1`),
  },
  { tool: 'dhclient', package: 'isc-dhcp-client', purpose: 'tests', why: 'a second DHCP client to be seen' },
  { tool: 'openssl', package: 'openssl', purpose: 'tests', why: 'a second opinion on certificates' },
  { tool: 'curl', package: 'curl', purpose: 'tests', why: 'a program that believes whom the system believes' },
  {
    tool: 'update-ca-certificates',
    package: 'ca-certificates',
    purpose: 'tests',
    why: 'the trust store of the system',
  },
  { tool: 'chromium', package: 'chromium', purpose: 'tests', why: 'the page as a person sees it' },
];

const INCLUDES: Record<Purpose, readonly Purpose[]> = {
  appliance: ['appliance'],
  lab: ['appliance', 'lab'],
  tests: ['appliance', 'lab', 'tests'],
};

/** The requirements of a purpose, those it includes first. */
export function requirementsFor(purpose: Purpose): Requirement[] {
  return REQUIREMENTS.filter((requirement) => INCLUDES[purpose].includes(requirement.purpose));
}

/** The interface a device reaches its site by. */
export interface LocalLink {
  readonly interfaceName: string;
  readonly ip: string;
}

export interface K3sAgentSettings {
  /** URL of the k3s supervisor. */
  readonly server: string;
  readonly token: string;
  readonly nodeName: string;
  /** The kubelet refuses cgroup v1 by default since 1.35. */
  readonly cgroupV1: boolean;
  readonly pauseImage?: string;
  /** Given only when there is no default route: k3s cannot find its own address then. */
  readonly link?: LocalLink;
}

/**
 * Content of `/etc/rancher/k3s/config.yaml` for an agent. The token stays in it after the join, dead: k3s refuses to
 * start without one (`token must not be empty`), even when its certificate alone suffices.
 */
export function k3sAgentConfig(settings: K3sAgentSettings): string {
  const lines = [
    '# Written by the Usher agent for the ticket it holds. The token in it is dead once the node has joined.',
    `server: ${quote(settings.server)}`,
    `token: ${quote(settings.token)}`,
    `node-name: ${quote(settings.nodeName)}`,
    'disable-default-registry-endpoint: true',
    // A device file belongs to whom its container runs as; else root:dialout 0660 keeps every sensor service out.
    'nonroot-devices: true',
  ];
  if (settings.pauseImage !== undefined) lines.push(`pause-image: ${quote(settings.pauseImage)}`);
  lines.push('kubelet-arg:', ...kubeletArgs(settings).map((arg) => `  - ${quote(arg)}`));
  return `${[...lines, ...linkLines(settings.link)].join('\n')}\n`;
}

/** What a configuration says of the way to the server. */
export interface WayToServer {
  readonly server: string;
  /** Hash of the cluster's CA, of the token: lower-case hex. */
  readonly caHash: string;
}

/** The way to the server that a configuration of {@link k3sAgentConfig} names; undefined when it is none of ours. */
export function wayToServer(config: string): WayToServer | undefined {
  const server = /^server: "(https:[^"]+)"$/m.exec(config)?.[1];
  const caHash = /^token: "K10([0-9a-f]{64})::/m.exec(config)?.[1];
  return server === undefined || caHash === undefined ? undefined : { server, caHash };
}

/** The same configuration for a server and, where there is no default route, an own address that have changed. */
export function withPlace(config: string, server: string, link: LocalLink | undefined): string {
  const kept = config.split('\n').filter((line) => line !== '' && !/^(node-ip|flannel-iface): /.test(line));
  const lines = kept.map((line) => (line.startsWith('server: ') ? `server: ${quote(server)}` : line));
  return `${[...lines, ...linkLines(link)].join('\n')}\n`;
}

/**
 * True when k3s goes by an address that this device has lost to another one. k3s takes its address when it starts and
 * never looks again; an address that is merely gone (a pulled cable) comes back.
 * @param started IPv4 addresses when k3s started
 * @param present those of now
 */
export function hasMoved(started: readonly string[], present: readonly string[]): boolean {
  return started.some((ip) => !present.includes(ip)) && present.some((ip) => !started.includes(ip));
}

/** Content of `/etc/rancher/node/password`; k3s trims it. */
export function nodePasswordFile(password: string): string {
  return `${password}\n`;
}

/** True for the kubelet's client certificate and key in k3s' agent folder: an old one keeps a new ticket from working. */
export function isKubeletCredential(fileName: string): boolean {
  return /^client-kubelet\./.test(fileName);
}

/**
 * A device that is plugged in is a resource of the Node at the kubelet's next look at itself: within half a second, not
 * ten. It looks at what it has in memory, and writes only what changed (nodeStatusReportFrequency stays at five minutes).
 */
function kubeletArgs({ cgroupV1 }: K3sAgentSettings): string[] {
  return ['node-status-update-frequency=500ms', ...(cgroupV1 ? ['fail-cgroupv1=false'] : [])];
}

function linkLines(link: LocalLink | undefined): string[] {
  return link === undefined ? [] : [`node-ip: ${quote(link.ip)}`, `flannel-iface: ${quote(link.interfaceName)}`];
}

/** A JSON string is a YAML double-quoted scalar (YAML 1.2 is a superset of JSON). */
function quote(text: string): string {
  return JSON.stringify(text);
}

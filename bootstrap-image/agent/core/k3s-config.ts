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
  ];
  if (settings.pauseImage !== undefined) lines.push(`pause-image: ${quote(settings.pauseImage)}`);
  if (settings.cgroupV1) lines.push('kubelet-arg:', '  - "fail-cgroupv1=false"');
  if (settings.link !== undefined) {
    lines.push(`node-ip: ${quote(settings.link.ip)}`, `flannel-iface: ${quote(settings.link.interfaceName)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Content of `/etc/rancher/node/password`; k3s trims it. */
export function nodePasswordFile(password: string): string {
  return `${password}\n`;
}

/** True for the kubelet's client certificate and key in k3s' agent folder: an old one keeps a new ticket from working. */
export function isKubeletCredential(fileName: string): boolean {
  return /^client-kubelet\./.test(fileName);
}

/** A JSON string is a YAML double-quoted scalar (YAML 1.2 is a superset of JSON). */
function quote(text: string): string {
  return JSON.stringify(text);
}

/** What differs from one k3s server to another. */
export interface K3sServerSettings {
  dataDir: string;
  kubeconfigPath: string;
  serverTokenPath: string;
  agentTokenPath: string;
  nodeName: string;
  /** Address on the LAN; agents reach the API server and the supervisor there. */
  nodeIp?: string;
  apiPort: number;
  /** More names and addresses in the API server's certificate. */
  tlsSans: readonly string[];
  /** Whether the master runs pods itself. */
  runsPods: boolean;
  /** The kubelet of Kubernetes 1.35 and later refuses cgroup v1 unless told otherwise. */
  cgroupV1: boolean;
  /** Further settings by their k3s names; they win, lists of arguments are added to. */
  extra?: Readonly<Record<string, unknown>>;
}

/**
 * The content of a k3s server's config file. Only what a site needs is on: no ingress, no load balancer, no metrics
 * server, no local storage, no Helm; Secrets are encrypted in the store, no image comes from a registry nobody named, and
 * a node that lost power counts as gone after 16 s instead of 50 s.
 */
export function k3sServerConfig(settings: K3sServerSettings): Record<string, unknown> {
  const base: Record<string, unknown> = {
    'data-dir': settings.dataDir,
    'write-kubeconfig': settings.kubeconfigPath,
    'write-kubeconfig-mode': '0600',
    'token-file': settings.serverTokenPath,
    'agent-token-file': settings.agentTokenPath,
    'secrets-encryption': true,
    disable: ['traefik', 'servicelb', 'metrics-server', 'local-storage'],
    'disable-helm-controller': true,
    'disable-default-registry-endpoint': true,
    'flannel-backend': 'host-gw',
    'node-name': settings.nodeName,
    'https-listen-port': settings.apiPort,
    'tls-san': [...settings.tlsSans],
    'kube-controller-manager-arg': ['node-monitor-period=2s', 'node-monitor-grace-period=16s'],
    ...(settings.nodeIp === undefined ? {} : { 'node-ip': settings.nodeIp, 'advertise-address': settings.nodeIp }),
    ...(settings.runsPods ? { 'nonroot-devices': true } : { 'disable-agent': true }),
    ...(settings.cgroupV1 ? { 'kubelet-arg': ['fail-cgroupv1=false'] } : {}),
  };
  return merge(base, settings.extra ?? {});
}

function merge(base: Record<string, unknown>, extra: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(extra)) {
    const present: unknown = merged[key];
    merged[key] = Array.isArray(present) && Array.isArray(value) ? present.concat(value) : value;
  }
  return merged;
}

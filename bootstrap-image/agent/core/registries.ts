/** How containerd proves itself to the appliance's registry, and how it knows that one. */
export interface RegistryAccess {
  /** URL of the registry. */
  readonly endpoint: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const MARK = '# Usher: where the appliance is now';

/**
 * Content of `/etc/rancher/k3s/registries.yaml`: images of every host come from the appliance. The files are read by
 * containerd at each pull.
 */
export function registriesYaml({ endpoint, caFile, certFile, keyFile }: RegistryAccess): string {
  return [
    '# Written by Usher: images of all hosts come from the appliance, to the key of this machine.',
    'mirrors:',
    '  "*":',
    '    endpoint:',
    `      - ${JSON.stringify(endpoint)}`,
    'configs:',
    `  ${JSON.stringify(new URL(endpoint).host)}:`,
    '    tls:',
    `      ca_file: ${JSON.stringify(caFile)}`,
    `      cert_file: ${JSON.stringify(certFile)}`,
    `      key_file: ${JSON.stringify(keyFile)}`,
    '',
  ].join('\n');
}

/**
 * The hosts file (hosts(5)) in which `name` is `ip` and nothing else; other lines stay as they are. Whoever looks names up
 * reads it anew, so an address can change while containerd runs.
 */
export function withHostEntry(hosts: string, name: string, ip: string): string {
  const kept = hosts.split('\n').filter((line) => !line.endsWith(MARK));
  while (kept.at(-1) === '') kept.pop();
  return `${[...kept, `${ip} ${name} ${MARK}`].join('\n')}\n`;
}

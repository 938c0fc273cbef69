import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { REGISTRAR_NAME } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import type { Site } from '../core/local-state.ts';
import { registriesYaml, withHostEntry } from '../core/registries.ts';
import type { DeviceIdentity } from './device-key.ts';
import { writeDurably } from './durable-file.ts';
import { readText } from './read-file.ts';

export interface RegistryOptions {
  readonly paths: DevicePaths;
  readonly identity: DeviceIdentity;
}

/**
 * Points containerd to the appliance for images: k3s turns registries.yaml into containerd's configuration when it
 * starts. The appliance is called by the name in its certificate, which the hosts file leads to where it is; that alone
 * changes when the appliance moves. Files that are as they should be are not written.
 * @param origin where the appliance answers, `https://address:port`
 * @throws UsherError DISK_FULL, INTERNAL
 */
export async function pointToRegistry(
  { paths, identity }: RegistryOptions,
  site: Pick<Site, 'caPem'>,
  origin: string,
): Promise<void> {
  const { hostname, port } = new URL(origin);
  const address = hostname.replace(/^\[|\]$/g, '');
  const ip = isIP(address) === 0 ? (await lookup(address)).address : address;
  const access = {
    endpoint: `https://${REGISTRAR_NAME}:${port === '' ? '443' : port}`,
    caFile: paths.siteCa,
    certFile: paths.deviceCertificate,
    keyFile: paths.deviceKey,
  };
  const hosts = (await readText(paths.hosts)) ?? '127.0.0.1 localhost\n';
  await keep(paths.siteCa, site.caPem, 0o644);
  await keep(paths.deviceCertificate, identity.certificatePem, 0o644);
  await keep(paths.registries, registriesYaml(access), 0o600);
  await keep(paths.hosts, withHostEntry(hosts, REGISTRAR_NAME, ip), 0o644);
}

async function keep(path: string, content: string, mode: number): Promise<void> {
  if ((await readText(path)) !== content) await writeDurably(path, content, mode);
}

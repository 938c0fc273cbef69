import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOrMakeIdentity } from '../bootstrap-image/agent/adapters/device-key.ts';
import { registriesYaml } from '../bootstrap-image/agent/core/registries.ts';
import type { PulledImages } from '../join/enrol/oci-registry.ts';
import { writePrivateFile } from '../k8s/k3s/private-file.ts';
import { ImageStore } from '../oci/image-store.ts';
import type { ApplianceConfig } from './config.ts';
import type { Surroundings } from './surroundings.ts';

/** The images of the site: what operators bring, and what nodes pull. */
export interface ImageSupply {
  readonly store: ImageStore;
  readonly pulled: PulledImages;
}

const WILDCARDS = [undefined, '', '::', '0.0.0.0'];

/** Files by which the master's own k3s pulls from this appliance, as nodes do from theirs. */
function masterFiles(stateDir: string): Record<'dir' | 'key' | 'cert' | 'ca' | 'registries', string> {
  const dir = join(stateDir, 'registry');
  const file = (name: string): string => join(dir, name);
  return {
    ...{ dir, key: file('master.key'), cert: file('master.crt') },
    ...{ ca: file('ca.crt'), registries: file('registries.yaml') },
  };
}

/**
 * Writes the master's registries.yaml, which k3s reads when it starts; the CA it names is written when it is known
 * ({@link openImages}), since containerd reads that at each pull.
 * @returns its path; undefined when the appliance cannot be reached as localhost (`--host`)
 */
export async function masterRegistries(
  config: ApplianceConfig,
  surroundings: Surroundings,
): Promise<string | undefined> {
  if (!WILDCARDS.includes(config.host) || config.controlPlaneOnly) return undefined;
  const { dir, key, cert, ca, registries } = masterFiles(config.stateDir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const identity = await loadOrMakeIdentity(key, surroundings.logger);
  await writePrivateFile(cert, identity.certificatePem);
  const endpoint = `https://localhost:${String(config.enrolPort)}`;
  await writePrivateFile(registries, registriesYaml({ endpoint, caFile: ca, certFile: cert, keyFile: key }));
  return registries;
}

/** Opens the images of the site. @throws UsherError INTERNAL when the list of images cannot be read */
export async function openImages(
  { stateDir }: ApplianceConfig,
  { caPem }: { caPem: string },
  { clock, logger }: Surroundings,
): Promise<ImageSupply> {
  const { dir, key, ca } = masterFiles(stateDir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writePrivateFile(ca, caPem);
  const { deviceId } = await loadOrMakeIdentity(key, logger);
  const store = await ImageStore.open({ dir: join(stateDir, 'oci'), clock, logger: logger.child({ part: 'oci' }) });
  const pulled: PulledImages = {
    manifest: (order) => store.manifest(order),
    blob: (digest) => store.blob(digest),
    isOwnKey: (id) => id === deviceId,
  };
  return { store, pulled };
}

import { join } from 'node:path';
import { asUsherError } from '../foundation/errors.ts';
import type { Artifacts } from '../join/enrol/artifacts.ts';
import { k3sArchOf, type K3sArch } from '../k8s/core/k3s-release.ts';
import { obtainK3s, obtainK3sImages } from '../k8s/k3s/obtain.ts';
import type { ApplianceConfig } from './config.ts';
import { imageArchives, type Kubernetes } from './kubernetes.ts';
import type { Surroundings } from './surroundings.ts';

/** What it matters to know of the running cluster. */
type Running = Pick<Kubernetes, 'k3sByArch' | 'version' | 'standIn'>;

/** Architectures that a Raspberry Pi can have, and that of most masters. 32-bit ones need --k3s-for. */
const SERVED: readonly K3sArch[] = ['arm64', 'amd64'];

/**
 * Offers devices what they need to join: at once what is at hand, and in the background what the release of the running
 * version has for the other architecture and of images. Devices ask again by themselves until it is there.
 */
export async function supplyArtifacts(
  artifacts: Artifacts,
  config: ApplianceConfig,
  kubernetes: Running,
  surroundings: Surroundings,
): Promise<void> {
  const own = k3sArchOf(process.arch);
  const images = await imageArchives(config.images);
  for (const [arch, path] of kubernetes.k3sByArch) await artifacts.register({ kind: 'k3s', name: 'k3s', path, arch });
  if (own !== undefined) for (const path of images) await artifacts.register({ kind: 'image', path, arch: own });
  // The stand-in has no release, and who brings images of their own wants no others beside them.
  if (kubernetes.standIn !== undefined || images.length > 0) return;
  for (const arch of SERVED) void fetchFor(arch, artifacts, config, kubernetes, surroundings);
}

async function fetchFor(
  arch: K3sArch,
  artifacts: Artifacts,
  config: ApplianceConfig,
  { k3sByArch, version }: Running,
  { clock, logger, signal }: Surroundings,
): Promise<void> {
  const options = {
    ...(config.k3sMirror === undefined ? {} : { mirror: config.k3sMirror }),
    cacheDir: join(config.cacheDir, 'k3s'),
    // What the server is, not what was asked for: it may come from --k3s, the PATH or a cluster that runs already.
    version,
    arch,
    clock,
    logger,
    signal,
  };
  try {
    if (!k3sByArch.has(arch)) {
      await artifacts.register({ kind: 'k3s', name: 'k3s', path: (await obtainK3s(options)).path, arch });
    }
    await artifacts.register({ kind: 'image', path: (await obtainK3sImages(options)).path, arch });
    logger.info({ arch }, 'devices of this architecture can be served');
  } catch (error) {
    const { code, message } = asUsherError(error);
    logger.warn({ arch, code, detail: message }, 'devices of this architecture cannot be served with all they need');
  }
}

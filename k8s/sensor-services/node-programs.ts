import type { AdminKubeClient } from '../client/create-kube-client.ts';
import { DAEMON_SET, type DaemonSet } from '../core/sensor-service/workload.ts';
import { readManifest } from '../install.ts';

const INSTALL_MANAGER = 'usher-install';

/** Name of the image that runs on every node, without its version. */
export const NODE_IMAGE = 'usher.internal/usher-node';

/**
 * Runs standby and device plugin on every node (k8s/manifests/usher-node.yaml), with this image. Idempotent; an upgrade is
 * the same call. With the rights of an administrator: Usher's own account may make nothing that is privileged.
 * @throws UsherError KUBE_*
 */
export async function runNodePrograms(admin: Pick<AdminKubeClient, 'apply'>, image: string): Promise<void> {
  const [manifest] = await readManifest('usher-node.yaml');
  const wanted = manifest as DaemonSet;
  const { containers } = wanted.spec.template.spec as unknown as { containers: { image: string }[] };
  for (const container of containers) container.image = image;
  await admin.apply(DAEMON_SET, wanted, { fieldManager: INSTALL_MANAGER, force: true });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UsherError } from '../foundation/errors.ts';
import { Secret } from '../foundation/secret.ts';
import type { KubeAccess } from '../k8s/client/credentials.ts';

/** Where the kubelet puts a pod's own credentials (kubernetes.io: accessing the API from a pod). */
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The API server as a pod reaches it, as the pod's ServiceAccount. The token is read anew before each request, since the
 * kubelet renews it in its file.
 * @throws UsherError CONFIG_INVALID outside of a pod
 */
export async function inClusterAccess(env: NodeJS.ProcessEnv, folder = ACCOUNT_FOLDER): Promise<KubeAccess> {
  const [host, port = '443'] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT']];
  if (host === undefined) throw new UsherError('CONFIG_INVALID', { detail: 'KUBERNETES_SERVICE_HOST is not set' });
  try {
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caPem: await readFile(join(folder, 'ca.crt'), 'utf8'),
      token: async () => new Secret((await readFile(join(folder, 'token'), 'utf8')).trim()),
    };
  } catch (error) {
    throw new UsherError('CONFIG_INVALID', { detail: messageOf(error) }, { cause: error });
  }
}

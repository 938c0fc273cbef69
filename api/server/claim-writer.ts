import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type DeviceClaim } from '../../k8s/core/resources.ts';

/** How often a change is tried again when somebody else (the claim binder, kubectl) wrote meanwhile. */
const MAX_WRITE_ATTEMPTS = 5;

/** The claim of that name as it is in Kubernetes. @throws UsherError CLAIM_UNKNOWN, KUBE_* */
export async function readClaim(kube: KubeClient, name: string): Promise<DeviceClaim> {
  const claim = await kube.get(DEVICE_CLAIM, { name });
  if (claim === undefined) throw new UsherError('CLAIM_UNKNOWN', { name });
  return claim;
}

/**
 * Changes a claim as it is now, guarded by resourceVersion. Gives it as it is afterwards.
 * @throws UsherError CLAIM_UNKNOWN, CLAIM_INVALID, KUBE_*
 */
export async function writeClaim(
  kube: KubeClient,
  name: string,
  change: (claim: DeviceClaim) => DeviceClaim,
): Promise<DeviceClaim> {
  for (let attempt = 1; ; attempt += 1) {
    const changed = change(await readClaim(kube, name));
    try {
      return await kube.replace(DEVICE_CLAIM, changed);
    } catch (error) {
      if (!isUsherError(error, 'KUBE_CONFLICT') || attempt === MAX_WRITE_ATTEMPTS) throw inClaimWords(error, name);
    }
  }
}

/**
 * Deletes a claim, and just the one that `check` was shown.
 * @throws UsherError CLAIM_UNKNOWN, KUBE_*, and what `check` throws
 */
export async function deleteClaim(kube: KubeClient, name: string, check: (claim: DeviceClaim) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const claim = await readClaim(kube, name);
    check(claim);
    const { uid, resourceVersion } = claim.metadata;
    try {
      if (await kube.delete(DEVICE_CLAIM, { name }, { uid, resourceVersion })) return;
      throw new UsherError('CLAIM_UNKNOWN', { name });
    } catch (error) {
      if (!isUsherError(error, 'KUBE_CONFLICT') || attempt === MAX_WRITE_ATTEMPTS) throw error;
    }
  }
}

/** Kubernetes' answer in the operators' words. */
export function inClaimWords(error: unknown, name: string): unknown {
  if (isUsherError(error, 'KUBE_ALREADY_EXISTS')) return new UsherError('CLAIM_EXISTS', { name }, { cause: error });
  if (isUsherError(error, 'KUBE_NOT_FOUND')) return new UsherError('CLAIM_UNKNOWN', { name }, { cause: error });
  if (!isUsherError(error, 'KUBE_INVALID')) return error;
  return new UsherError('CLAIM_INVALID', { detail: error.params['detail'] ?? error.message }, { cause: error });
}

import type { Informer } from '../../../k8s/client/kube-client.ts';
import type { Device } from '../../../k8s/core/resources.ts';
import type { AuditLog } from './audit-log.ts';

/**
 * Notes in the audit log what happened to devices by themselves: each phase that one comes to, with the evidence it showed.
 * Devices that are known at the start are not told again.
 * @returns stops it
 */
export function trailDevices(devices: Informer<Device>, audit: AuditLog): () => void {
  const phases = new Map<string, string | undefined>();
  let isSynced = false;
  const stop = devices.onChange(({ type, object }) => {
    const { name } = object.metadata;
    if (type === 'deleted') {
      if (isSynced) audit.appendSystem('deviceForgotten', { deviceId: name });
      phases.delete(name);
      return;
    }
    const from = phases.get(name);
    const to = object.status?.phase;
    phases.set(name, to);
    if (!isSynced || to === undefined || to === from) return;
    audit.appendSystem(`device${to}`, {
      deviceId: name,
      evidence: evidenceText(object.spec.evidence),
      to,
      ...(from === undefined ? {} : { from }),
      ...(object.status?.join?.nodeName === undefined ? {} : { target: object.status.join.nodeName }),
    });
  });
  for (const { metadata, status } of devices.list()) phases.set(metadata.name, status?.phase);
  void devices.synced().then(() => {
    isSynced = true;
  });
  return stop;
}

/** For instance `CardToken 4tz1k0m2q9`; never a secret. */
export function evidenceText({ kind, tokenId }: Device['spec']['evidence']): string {
  return tokenId === undefined ? kind : `${kind} ${tokenId}`;
}

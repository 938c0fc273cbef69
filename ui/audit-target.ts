import type { AuditEntry } from '../api/core/schemas.ts';

/**
 * On what something was done, as an entry of the audit log is shown: what has a name first (a claim, a token, a user), then
 * the device. The device's id as somebody typed it says nothing beside the device itself.
 */
export function auditTarget({ target, deviceId }: Pick<AuditEntry, 'target' | 'deviceId'>): {
  name?: string;
  device?: string;
} {
  const isDevice = target !== undefined && deviceId?.startsWith(target.toLowerCase()) === true;
  return {
    ...(target === undefined || isDevice ? {} : { name: target }),
    ...(deviceId === undefined ? {} : { device: deviceId }),
  };
}

import { isUsherError } from '../../../foundation/errors.ts';
import { findDevice } from '../../core/device-lookup.ts';
import type { DeviceView } from '../../core/schemas.ts';
import type { LiveModel } from '../live-model.ts';
import { evidenceText } from './device-trail.ts';
import type { AuditDetails } from './request-actor.ts';

/** What the audit log tells of a device: its id, and what tied it to the site when somebody acted on it. */
export function deviceFacts(model: LiveModel, { id, evidence }: Pick<DeviceView, 'id' | 'evidence'>): AuditDetails {
  const device = model.index.device(id);
  return { deviceId: id, evidence: device === undefined ? evidence : evidenceText(device.spec.evidence) };
}

/** The same of the device that an operator means by a text; nothing when there is none, or more than one. */
export function deviceMeant(model: LiveModel, text: string): AuditDetails {
  try {
    return deviceFacts(model, findDevice(model.rows(), text));
  } catch (error) {
    if (isUsherError(error, 'DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS')) return {};
    throw error;
  }
}

/** The same of the device that a claim is bound to, if there is one. */
export function claimFacts(model: LiveModel, claimName: string): AuditDetails {
  const row = model.rows().find(({ claim }) => claim === claimName);
  return row === undefined ? {} : deviceFacts(model, row);
}

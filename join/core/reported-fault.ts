import { AGENT_ERRORS } from '../../foundation/error-catalogue/agent.ts';
import type { Device } from '../../k8s/core/resources.ts';
import type { DeviceReport } from '../protocol/messages.ts';
import type { ShownError } from './actions.ts';
import { knownState } from './step.ts';

type AgentCode = keyof typeof AGENT_ERRORS;

/**
 * What a device reports as the error that its own console shows, when it is one of the catalogue with all that its
 * message needs; else DEVICE_REPORTED, which quotes the device.
 */
export function reportedFault({ code, detail, params = {} }: DeviceReport): ShownError {
  if (isOfDevice(code)) {
    const { message, remedy } = AGENT_ERRORS[code];
    const needed = [...`${message} ${remedy}`.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    if (needed.every((name) => Object.hasOwn(params, name))) return { code, params };
  }
  return { code: 'DEVICE_REPORTED', params: { detail: detail === '' ? code : `${code}: ${detail}` } };
}

/** The device as it is once the fault it reported is over. A failed attempt to join stays one. */
export function withoutReportedFault(device: Device): Device {
  const { status } = device;
  const code = status?.failure?.code;
  const state = (status?.join === undefined ? undefined : knownState(status.join)) ?? 'pending';
  const isReported = code === 'DEVICE_REPORTED' || (code !== undefined && isOfDevice(code));
  if (status === undefined || !isReported || (state !== 'pending' && state !== 'approved')) return device;
  const rest = { ...status };
  delete rest.failure;
  return { ...device, status: rest };
}

/** The remedy of a refusal is in the appliance's own words and comes from no device. */
function isOfDevice(code: string): code is AgentCode {
  return Object.hasOwn(AGENT_ERRORS, code) && code !== 'APPLIANCE_REFUSED';
}

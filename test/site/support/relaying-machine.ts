import { ENROL_PORT } from '../../../join/protocol/messages.ts';
import { LAN } from '../../../lab/core/address-plan.ts';
import { RewritingRelay } from '../../support/rewriting-relay.ts';

// The main process of a machine of the lab: it answers as an appliance does, and speaks to the real one in its own name.
const device = { id: '' };
const relay: { started?: RewritingRelay } = {};

/** Whoever says hello names itself; from then on his id stands wherever that name stood. */
function inHisName(_path: string, body: string): string {
  device.id = /"id":"([0-9a-z]{26})"/.exec(body)?.[1] ?? device.id;
  return device.id === '' ? body : body.replaceAll(device.id, relay.started?.identity.deviceId ?? '');
}

relay.started = await RewritingRelay.start(
  { host: LAN.master, port: ENROL_PORT },
  { request: inHisName },
  { host: '0.0.0.0', port: ENROL_PORT },
);

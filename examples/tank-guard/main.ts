import { connect } from 'mqtt';
import { brokerAddress } from '../../node/client/broker-address.ts';
import { detailOf, log, monotonicMs, numberOf } from '../support/process-parts.ts';
import { oneOf } from '../support/user-properties.ts';
import { decide, type GuardSettings, UNKNOWN_UNIT, type UnitView, withLevel, withValve } from './guard.ts';
import { commandTopic, LEVEL_FILTER, readMessage, VALVE_FILTER } from './site-messages.ts';

/** Shorter than the valve's commandTtlSeconds: whoever gets it later must not obey. */
const EXPIRY_SECONDS = 3;
const LOOK_EVERY_MS = 500;
const MOST_UNITS = 1_000;

const settings: GuardSettings = {
  closeAtPercent: numberOf('CLOSE_AT_PERCENT', 90),
  openBelowPercent: numberOf('OPEN_BELOW_PERCENT', 75),
  staleMs: 5_000,
  repeatMs: 2_000,
  renewOpenMs: 5_000,
};
const units = new Map<string, UnitView>();
const broker = connect({
  ...brokerAddress(process.env['BROKER_URL'] ?? 'mqtt://localhost'),
  protocolVersion: 5,
  reconnectPeriod: 500,
});
broker.on('connect', () => log('connected'));
broker.on('error', (error) => log('the broker is not there', { detail: detailOf(error) }));
broker.subscribe([LEVEL_FILTER, VALVE_FILTER], { qos: 1 });
broker.on('message', (topic, payload, { properties }) => {
  const message = readMessage(topic, payload.toString('utf8'), oneOf(properties?.userProperties, 'epoch'));
  if (message === undefined || (!units.has(message.unit) && units.size >= MOST_UNITS)) return;
  const { unit, epoch } = message;
  const view = units.get(unit) ?? UNKNOWN_UNIT;
  const next =
    message.type === 'level'
      ? withLevel(view, message.percent, epoch, monotonicMs())
      : withValve(view, message.position, epoch, monotonicMs());
  look(unit, next);
});
setInterval(() => {
  for (const [unit, view] of units) look(unit, view);
}, LOOK_EVERY_MS);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void broker.endAsync().then(() => process.exit(0)));

function look(unit: string, known: UnitView): void {
  const { view, command } = decide(known, monotonicMs(), settings);
  // A command that waits for the broker would be old when it is sent; the next look gives a new one.
  if (command === undefined || !broker.connected) {
    units.set(unit, { ...known, wanted: view.wanted });
    return;
  }
  units.set(unit, view);
  const { position, epoch } = command;
  const commandId = crypto.randomUUID();
  broker.publish(commandTopic(unit), JSON.stringify({ position }), {
    qos: 1,
    properties: { messageExpiryInterval: EXPIRY_SECONDS, userProperties: { unit, epoch: String(epoch), commandId } },
  });
  log('command', { unit, position, epoch, commandId, levelPercent: view.level?.percent });
}

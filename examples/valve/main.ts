import { type Command, type Ending, type Role, startSensorService } from '../../node/client/sensor-service.ts';
import { SerialModbusLine } from '../modbus/serial-modbus-line.ts';
import { detailOf, giveUp, lineLost, log, monotonicMs, numberOf, waitFor } from '../support/process-parts.ts';
import { repeat } from '../support/repeat.ts';
import { ModbusValve } from './driver.ts';
import { positionOf, ValveKeeper, WATCHDOG_MS } from './valve-keeper.ts';

/** As in service.yaml. */
const TOPIC = 'site/state/valve/{unit}';
const DEVICE = '/dev/usher/line';
/** Twice this is less than a service may take to stop. */
const ANSWER_MS = 300;
const MOVE_MS = ANSWER_MS + 100;
const PATIENCE_MS = 3_000;
/** What is retained is told again, so that whatever came there late is put right. */
const TELL_EVERY = 8;

const openForMs = numberOf('OPEN_FOR_SECONDS', Number.POSITIVE_INFINITY) * 1000;
const path = process.env['DEVICE'] ?? DEVICE;
const valve = new ModbusValve(new SerialModbusLine({ path, answerMs: ANSWER_MS, onLost: lineLost }));
const keepers = new Map<string, ValveKeeper>();
const service = startSensorService({
  onGrant: keep,
  onEnd: toSafeState,
  onCommand: (command) => void obey(command),
  onError: (error) => log('trouble', { detail: detailOf(error) }),
});
// Without its line this process ends here, and is started anew until it is there.
await valve.open();
service.ready();

async function keep({ unit, epoch, signal }: Role): Promise<void> {
  log('active', { unit, epoch });
  const tell = (state: object): void => void service.publish(unit, TOPIC, JSON.stringify(state));
  const act = <T>(work: () => T): T => service.act(unit, work, MOVE_MS);
  const keeper = new ValveKeeper({ valve, act, tell, openForMs, nowMs: monotonicMs, wait: waitFor });
  keepers.set(unit, keeper);
  let turn = 0;
  const refresh = async (): Promise<void> => {
    await keeper.refresh();
    turn = (turn + 1) % TELL_EVERY;
    if (turn === 0) tell(keeper.state);
  };
  await repeat(refresh, {
    periodMs: WATCHDOG_MS / 4,
    signal,
    patienceMs: PATIENCE_MS,
    onFailure: (error) => log('the valve did not hear', { unit, detail: detailOf(error) }),
    onGiveUp: giveUp,
    nowMs: monotonicMs,
    wait: waitFor,
  });
}

async function obey({ unit, commandId, payload, expiresAtMs }: Command): Promise<void> {
  const position = positionOf(payload);
  log('command', { unit, commandId, position });
  if (position === undefined) return;
  try {
    await keepers.get(unit)?.obey(position, commandId, expiresAtMs);
  } catch (error) {
    log('the command failed', { unit, commandId, detail: detailOf(error) });
  }
}

async function toSafeState({ unit, epoch }: Role, { reason, mayTouchShared }: Ending): Promise<void> {
  log('not active', { unit, epoch, reason });
  const keeper = keepers.get(unit);
  keepers.delete(unit);
  await keeper?.end(mayTouchShared);
}

import { type Role, startSensorService } from '../../node/client/sensor-service.ts';
import { detailOf, log, numberOf } from '../support/process-parts.ts';
import { takeReadings } from '../support/readings.ts';
import { ModbusPress } from './driver.ts';

/** As in service.yaml. */
const TOPIC = 'site/telemetry/press-counter/{unit}/strokes';
/** Connecting, a request and its answer. */
const READ_MS = 900;
/** A press is switched off at night: no reason to look for another node at once. */
const PATIENCE_MS = 60_000;

const service = startSensorService({
  onGrant: count,
  onEnd: ({ unit, epoch }, { reason }) => log('not active', { unit, epoch, reason }),
  onError: (error) => log('trouble', { detail: detailOf(error) }),
});
service.ready();

/** Each unit has a connection of its own: with takeover SimilarNode one process may stand in for several. */
async function count({ unit, epoch, signal }: Role): Promise<void> {
  log('active', { unit, epoch });
  const host = (process.env['PRESS_HOST'] ?? '').replaceAll('{unit}', unit);
  const press = new ModbusPress({ host, port: numberOf('PRESS_PORT', 502) });
  const turn = async (): Promise<void> => {
    const strokes = await service.act(unit, () => press.strokes(), READ_MS);
    service.publish(unit, TOPIC, JSON.stringify({ at: new Date().toISOString(), strokes }));
  };
  await takeReadings({ unit, signal }, turn, { periodMs: numberOf('PERIOD_MS', 1_000), patienceMs: PATIENCE_MS });
  await press.close();
}

import { type Role, startSensorService } from '../../node/client/sensor-service.ts';
import { SerialModbusLine } from '../modbus/serial-modbus-line.ts';
import { detailOf, lineLost, log, numberOf } from '../support/process-parts.ts';
import { takeReadings } from '../support/readings.ts';
import { ModbusVibrationSensor } from './driver.ts';

/** As in service.yaml. */
const TOPIC = 'site/telemetry/lathe-vibration/{unit}/velocity';
const DEVICE = '/dev/usher/line';
const ANSWER_MS = 500;
const READ_MS = ANSWER_MS + 100;
const PATIENCE_MS = 5_000;

const sensor = new ModbusVibrationSensor(
  new SerialModbusLine({ path: process.env['DEVICE'] ?? DEVICE, answerMs: ANSWER_MS, onLost: lineLost }),
);
const service = startSensorService({
  onGrant: measure,
  onEnd: ({ unit, epoch }, { reason }) => log('not active', { unit, epoch, reason }),
  onError: (error) => log('trouble', { detail: detailOf(error) }),
});
// Without its line this process ends here, and is started anew until it is there.
await sensor.open();
service.ready();

/** Reads and publishes as long as the role lasts; the role is given away only when this has ended. */
async function measure({ unit, epoch, signal }: Role): Promise<void> {
  log('active', { unit, epoch });
  const turn = async (): Promise<void> => {
    await sensor.open();
    const vibration = await service.act(unit, () => sensor.read(), READ_MS);
    service.publish(unit, TOPIC, JSON.stringify({ at: new Date().toISOString(), ...vibration }));
  };
  await takeReadings({ unit, signal }, turn, { periodMs: numberOf('PERIOD_MS', 500), patienceMs: PATIENCE_MS });
}

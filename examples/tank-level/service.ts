import { type Role, startSensorService } from '../../node/client/sensor-service.ts';
import { detailOf, log, numberOf } from '../support/process-parts.ts';
import { takeReadings } from '../support/readings.ts';
import { PressureLevelSensor } from './driver.ts';
import type { I2cBus } from './i2c-bus.ts';

/** As in service.yaml. */
const TOPIC = 'site/telemetry/tank-level/{unit}/level';
const READ_MS = 600;
const PATIENCE_MS = 5_000;

/** Measures the level over the sensor on `bus`, wherever and whenever Usher says so. */
export function runTankLevel(bus: I2cBus): void {
  const sensor = new PressureLevelSensor(bus, {
    rangePa: numberOf('RANGE_PA', 6_895),
    heightMm: numberOf('TANK_HEIGHT_MM', 600),
  });
  const measure = async ({ unit, epoch, signal }: Role): Promise<void> => {
    log('active', { unit, epoch });
    const turn = async (): Promise<void> => {
      const level = await service.act(unit, () => sensor.read(), READ_MS);
      // Whoever waits for a level is told nothing rather than something wrong.
      if (level === undefined) log('the sensor is at fault', { unit });
      else service.publish(unit, TOPIC, JSON.stringify({ at: new Date().toISOString(), ...level }));
    };
    await takeReadings({ unit, signal }, turn, { periodMs: numberOf('PERIOD_MS', 1_000), patienceMs: PATIENCE_MS });
  };
  const service = startSensorService({
    onGrant: measure,
    onEnd: ({ unit, epoch }, { reason }) => log('not active', { unit, epoch, reason }),
    onError: (error) => log('trouble', { detail: detailOf(error) }),
  });
  service.ready();
}

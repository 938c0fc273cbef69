import { Instrument } from './instrument.ts';

/** Input registers of the simulated vibration sensor: velocity of x, y, z in 1/100 mm/s, temperature in 1/10 °C. */
export const VIBRATION_REGISTERS = 4;

/**
 * A vibration sensor on a machine tool, simulated. Each has velocities of its own, from `base` to `base + 99`, so that
 * a value tells which one it came from.
 */
export function vibrationSensor(base: number): Instrument {
  let turn = 0;
  return new Instrument((by, acts) => ({
    readInput: (address, count) => {
      if (address !== 0 || count > VIBRATION_REGISTERS) return undefined;
      turn = (turn + 1) % 100;
      const value = base + turn;
      acts.add(by, 'read', value);
      return [value, value, value, 215].slice(0, count);
    },
  }));
}

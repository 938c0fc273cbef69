import type { ModbusLine } from '../modbus/modbus-line.ts';
import type { Vibration, VibrationSensor } from './vibration-sensor.ts';

/** Input registers: velocities in 1/100 mm/s, temperature in 1/10 °C as two's complement. */
const FIRST_REGISTER = 0;
const REGISTERS = 4;

/** A vibration sensor that speaks Modbus. */
export class ModbusVibrationSensor implements VibrationSensor {
  readonly #line: ModbusLine;

  constructor(line: ModbusLine) {
    this.#line = line;
  }

  open(): Promise<void> {
    return this.#line.open();
  }

  async read(): Promise<Vibration> {
    return vibrationOf(await this.#line.readInputRegisters(FIRST_REGISTER, REGISTERS));
  }

  close(): Promise<void> {
    return this.#line.close();
  }
}

function vibrationOf([x = 0, y = 0, z = 0, temperature = 0]: readonly number[]): Vibration {
  const signed = temperature >= 0x8000 ? temperature - 0x1_0000 : temperature;
  return { x: x / 100, y: y / 100, z: z / 100, temperatureC: signed / 10 };
}

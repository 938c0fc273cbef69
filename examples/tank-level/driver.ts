import type { I2cBus } from './i2c-bus.ts';

/** How a pressure sensor at the bottom of a tank tells the level. */
export interface TankSettings {
  /** Pressure at the end of the sensor's range, Pa above the air's. */
  readonly rangePa: number;
  /** Height of a full tank, mm. */
  readonly heightMm: number;
}

export interface TankLevel {
  readonly levelMm: number;
  readonly levelPercent: number;
}

/** Factory setting of Honeywell's TruStability HSC and SSC series with I2C. */
const ADDRESS = 0x28;
/** The two highest bits are the status: 0 is a new value, 2 one that was read before; 1 and 3 are faults. */
const STATUS = { new: 0, stale: 2 };
/** The range is told from 10 % to 90 % of 14 bits. */
const LOWEST_COUNT = 0.1 * 2 ** 14;
const HIGHEST_COUNT = 0.9 * 2 ** 14;
/** Of water: kg/m³ times m/s². */
const PA_PER_MM = (998 * 9.81) / 1000;

/**
 * The level of water over a gauge pressure sensor (Honeywell TruStability, technical note "I2C Communications").
 * Undefined while the sensor says that it is at fault.
 */
export class PressureLevelSensor {
  readonly #bus: I2cBus;
  readonly #settings: TankSettings;

  constructor(bus: I2cBus, settings: TankSettings) {
    this.#bus = bus;
    this.#settings = settings;
  }

  async read(): Promise<TankLevel | undefined> {
    const [high = 0xff, low = 0xff] = await this.#bus.read(ADDRESS, 2);
    const status = high >> 6;
    if (status !== STATUS.new && status !== STATUS.stale) return undefined;
    const count = ((high & 0x3f) << 8) | low;
    const { rangePa, heightMm } = this.#settings;
    const pressurePa = ((count - LOWEST_COUNT) / (HIGHEST_COUNT - LOWEST_COUNT)) * rangePa;
    const levelMm = Math.max(0, pressurePa / PA_PER_MM);
    return { levelMm: Math.round(levelMm), levelPercent: Math.round((levelMm / heightMm) * 1000) / 10 };
  }
}

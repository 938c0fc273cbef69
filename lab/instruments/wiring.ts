import { type AdapterChoice, checkSetting } from '../core/control.ts';
import type { Machine } from '../machine.ts';
import type { Instrument } from './instrument.ts';
import { type AdapterOptions, SerialAdapter } from './serial-adapter.ts';
import { Valve } from './valve.ts';
import { vibrationSensor } from './vibration-sensor.ts';

export interface WiringOptions {
  readonly labDir: string;
  /** @throws UsherError LAB_MACHINE_UNKNOWN */
  readonly machine: (name: string) => Machine;
}

type Kind = Exclude<AdapterChoice, 'none'>;

const CHIP = { vendor: '1a86', product: '7523' } as const;
const ADAPTERS: Readonly<Record<Kind, AdapterOptions>> = {
  vibration: { ...CHIP, tty: 'ttyUSB0', serial: 'VIBRATION1' },
  valve: { ...CHIP, tty: 'ttyUSB1', serial: 'VALVE1' },
};
/** Velocity of the one lathe, in 1/100 mm/s. */
const LATHE_BASE = 120;

/**
 * Which Pis have a line to which simulated instrument. There is one of each kind, so that two Pis with an adapter to it are
 * a pair at the same machine tool.
 */
export class Wiring {
  readonly #options: WiringOptions;
  readonly #instruments = new Map<Kind, Instrument>();
  readonly #adapters = new Map<string, SerialAdapter>();

  constructor(options: WiringOptions) {
    this.#options = options;
  }

  /**
   * Plugs a USB serial adapter into a machine in place of the one it may have, or with `none` pulls it. It stays over every
   * boot.
   * @throws UsherError CONFIG_INVALID, LAB_MACHINE_UNKNOWN, TOOL_FAILED
   */
  async set(name: string, value: string): Promise<void> {
    const choice = checkSetting('adapter', value) as AdapterChoice;
    const machine = this.#options.machine(name);
    for (const kind of Object.keys(ADAPTERS)) await this.#adapters.get(`${name} ${kind}`)?.unplug();
    if (choice === 'none') return;
    const key = `${name} ${choice}`;
    const adapter =
      this.#adapters.get(key) ??
      new SerialAdapter(this.#options.labDir, machine, this.#instrument(choice), ADAPTERS[choice]);
    this.#adapters.set(key, adapter);
    await adapter.plug();
  }

  /** Ends all lines. */
  async close(): Promise<void> {
    await Promise.all([...this.#instruments.values()].map((instrument) => instrument.close()));
  }

  #instrument(kind: Kind): Instrument {
    const known = this.#instruments.get(kind);
    if (known !== undefined) return known;
    const made = kind === 'vibration' ? vibrationSensor(LATHE_BASE) : new Valve().instrument;
    this.#instruments.set(kind, made);
    return made;
  }
}

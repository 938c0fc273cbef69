/** What a board says of itself, whatever card is in it. */
export interface Board {
  readonly model: string;
  /** 16 hexadecimal digits, as in the device tree. */
  readonly serial: string;
  /** Revision code as 32-bit number (raspberrypi.com, "Raspberry Pi revision codes"). */
  readonly revision: number;
  readonly mac: string;
}

export interface BoardOptions {
  readonly model?: string;
  readonly serial?: string;
  readonly mac?: string;
}

export const DEFAULT_MODEL = 'Raspberry Pi 4 Model B Rev 1.4';

/** Address prefixes registered for Raspberry Pi (IEEE MA-L) and a revision code, by what the model's name begins with. */
const GENERATIONS = [
  { begins: 'Raspberry Pi 5', prefix: '2c:cf:67', revision: 0xd04170 },
  { begins: 'Raspberry Pi 4', prefix: 'dc:a6:32', revision: 0xc03114 },
  { begins: 'Raspberry Pi 3', prefix: 'b8:27:eb', revision: 0xa020d3 },
] as const;
const OTHER = { prefix: 'd8:3a:dd', revision: 0 };

/**
 * The board called `name` in lab `lab`: the same at every start, another one in every other lab. The last bytes of its
 * address and of its serial are equal, as they are on the boards up to the Pi 3.
 */
export function boardOf(lab: string, name: string, options: BoardOptions = {}): Board {
  const model = options.model ?? DEFAULT_MODEL;
  const generation = GENERATIONS.find((known) => model.startsWith(known.begins)) ?? OTHER;
  const digits = fnv1a(`${lab}/${name}`).toString(16).padStart(8, '0');
  const tail = (digits.slice(2).match(/../g) ?? []).join(':');
  return {
    model,
    serial: options.serial ?? `10000000${digits}`,
    revision: generation.revision,
    mac: options.mac ?? `${generation.prefix}:${tail}`,
  };
}

/** A locally administered address for a machine that is no Raspberry Pi (IEEE 802, second bit of the first byte). */
export function plainMacOf(lab: string, name: string): string {
  const digits = fnv1a(`${lab}/${name}`).toString(16).padStart(8, '0');
  return ['02', '75', ...(digits.match(/../g) ?? [])].join(':');
}

/** FNV-1a, 32 bits: spreads names over addresses; nothing secret comes of it. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

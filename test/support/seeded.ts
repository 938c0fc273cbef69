import { randomInt } from 'node:crypto';

/** The seed of a fuzz run: USHER_SEED, else `usual` or a new one. Printed, so that a failure can be had again. */
export function fuzzSeed(what: string, usual?: number): number {
  const given = Number(process.env['USHER_SEED'] ?? '');
  const seed = Number.isInteger(given) && given > 0 ? given : (usual ?? randomInt(1, 2 ** 31));
  process.stderr.write(`${what}: USHER_SEED=${String(seed)}\n`);
  return seed;
}

/** Random choices that are the same for the same seed and index, so that one case of a run can be made by itself. */
export class Dice {
  #state: number;

  constructor(seed: number, index = 0) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  }

  /** A whole number from 0 to `below` - 1 (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** True in one of `times` cases. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new TypeError('nothing to pick from');
    return item;
  }

  byte(): number {
    return this.oneIn(2) ? this.below(256) : this.pick([0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff]);
  }

  bytes(count: number): number[] {
    return Array.from({ length: count }, () => this.below(256));
  }
}

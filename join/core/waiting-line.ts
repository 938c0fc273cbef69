/** Those who found no place together ask again so many times a second: often enough to fill each free place. */
const ASKS_PER_SEC = 16;
const SHORTEST_MS = 5_000;
const LONGEST_MS = 60_000;

/**
 * Devices that were turned away because all places are taken. Each is told a moment of its own, after those of all who
 * came before: so a thousand that wait ask no more often together than a hundred, and never all at the same moment.
 */
export class WaitingLine {
  #lastMs = 0;

  /** The device's moment to ask again. @returns whole seconds from now */
  turnAway(nowMs: number): number {
    const soonestMs = nowMs + SHORTEST_MS;
    this.#lastMs = Math.min(nowMs + LONGEST_MS, Math.max(soonestMs, this.#lastMs + 1000 / ASKS_PER_SEC));
    return Math.ceil((this.#lastMs - nowMs) / 1000);
  }
}

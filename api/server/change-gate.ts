import type { CancelTimer, Clock } from '../../foundation/clock.ts';

/** Shortest time between two changes of one thing that are passed on; the first is passed on at once. */
const WINDOW_MS = 100;

interface Passed {
  fingerprint: string;
  atMs: number;
  waiting?: { fingerprint: string; pass: () => void; cancel: CancelTimer };
}

/**
 * Lets only real changes through, and of one thing not more than one per window: the first at once, the last of a burst
 * at the end of the window.
 */
export class ChangeGate {
  readonly #clock: Clock;
  readonly #passed = new Map<string, Passed>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `pass` now or at the end of the window, unless `fingerprint` is what was passed on last. */
  offer(key: string, fingerprint: string, pass: () => void): void {
    const last = this.#passed.get(key);
    if (last?.waiting !== undefined) {
      last.waiting.fingerprint = fingerprint;
      last.waiting.pass = pass;
      return;
    }
    if (last?.fingerprint === fingerprint) return;
    const leftMs = last === undefined ? 0 : last.atMs + WINDOW_MS - this.#clock.nowMs();
    if (last === undefined || leftMs <= 0) this.#pass(key, fingerprint, pass);
    else last.waiting = { fingerprint, pass, cancel: this.#clock.after(leftMs, () => this.#endWindow(key)) };
  }

  /** Calls `pass` if anything was passed on for `key`, and forgets it. */
  remove(key: string, pass: () => void): void {
    const last = this.#passed.get(key);
    if (last === undefined) return;
    last.waiting?.cancel();
    this.#passed.delete(key);
    pass();
  }

  /** Passes nothing on any more. */
  close(): void {
    for (const { waiting } of this.#passed.values()) waiting?.cancel();
    this.#passed.clear();
  }

  #endWindow(key: string): void {
    const last = this.#passed.get(key);
    const waiting = last?.waiting;
    if (last === undefined || waiting === undefined) return;
    delete last.waiting;
    if (waiting.fingerprint !== last.fingerprint) this.#pass(key, waiting.fingerprint, waiting.pass);
  }

  #pass(key: string, fingerprint: string, pass: () => void): void {
    this.#passed.set(key, { fingerprint, atMs: this.#clock.nowMs() });
    pass();
  }
}

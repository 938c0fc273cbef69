import type { Agenda } from './agenda.ts';

/** A process that can be stopped (SIGSTOP) and go on: what falls due meanwhile happens when it goes on, in order. */
export class Process {
  isAlive = true;
  pausedUntilMs = 0;
  /** The last moment at which it was paused or not there. */
  lastAbsentMs = Number.NEGATIVE_INFINITY;
  readonly #agenda: Agenda;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
  }

  at(atMs: number, run: () => void): void {
    this.#agenda.at(atMs, () => {
      if (!this.isAlive) return;
      if (this.#agenda.nowMs < this.pausedUntilMs) this.at(this.pausedUntilMs, run);
      else run();
    });
  }

  pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.#agenda.nowMs + ms);
    this.lastAbsentMs = this.pausedUntilMs;
  }
}

import type { CancelTimer, Clock } from '../foundation/clock.ts';

/** Tells a person at the terminal what goes on: one line for each step, and a sign of life while a step is long. */
export interface Progress {
  /** Something begins; what began before is over. */
  begin: (what: string) => void;
  /** The last step is over, and all is done. */
  done: (what: string) => void;
  /** A line of its own. */
  say: (line: string) => void;
}

const SIGN_OF_LIFE_MS = 10_000;

/** Progress on standard output, each line with the seconds since the start. */
export function createProgress(clock: Clock): Progress {
  const startMs = clock.nowMs();
  let current: string | undefined;
  let cancel: CancelTimer = () => undefined;
  const line = (text: string): void => {
    const seconds = ((clock.nowMs() - startMs) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} s  ${text}\n`);
  };
  const remind = (): void => {
    cancel = clock.after(SIGN_OF_LIFE_MS, () => {
      if (current !== undefined) line(`${current} … still at it`);
      remind();
    });
  };
  return {
    begin(what) {
      if (what === current) return;
      cancel();
      current = what;
      line(`${what} …`);
      remind();
    },
    done(what) {
      cancel();
      current = undefined;
      line(what);
    },
    say: (text) => void process.stdout.write(`${text}\n`),
  };
}

import type { CancelTimer, Clock } from '../../../foundation/clock.ts';
import type { Random } from '../../../foundation/random.ts';
import type { Secret } from '../../../foundation/secret.ts';
import { newClaimCode } from '../../../join/protocol/claim-code.ts';

/** How long the screen shows one code. */
export const CODE_SHOWN_MS = 10 * 60_000;
/** How long a code that left the screen still counts: somebody may be typing it. */
export const CODE_GRACE_MS = 5 * 60_000;

export interface DisplayCodesOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each change. */
  readonly onChange: () => void;
}

/** The codes of a screen: a new one at every start and every ten minutes, and the one before it for a while. */
export class DisplayCodes {
  readonly #options: DisplayCodesOptions;
  #current: Secret;
  #previous: Secret | undefined;
  #cancelRotation: CancelTimer = () => undefined;
  #cancelGrace: CancelTimer = () => undefined;

  constructor(options: DisplayCodesOptions) {
    this.#options = options;
    this.#current = newClaimCode(options.random);
    this.#arm();
  }

  /** The one to show. */
  get current(): Secret {
    return this.#current;
  }

  /** Those that count now, the newest first. */
  get usable(): Secret[] {
    return this.#previous === undefined ? [this.#current] : [this.#current, this.#previous];
  }

  /** Shows a new code, after which none from before counts: what was entered was wrong, or is used. */
  renew(): void {
    this.#rotate();
    this.#previous = undefined;
    this.#cancelGrace();
  }

  close(): void {
    this.#cancelRotation();
    this.#cancelGrace();
  }

  #rotate(): void {
    const { clock, random, onChange } = this.#options;
    this.close();
    this.#previous = this.#current;
    this.#current = newClaimCode(random);
    this.#cancelGrace = clock.after(CODE_GRACE_MS, () => (this.#previous = undefined));
    this.#arm();
    onChange();
  }

  #arm(): void {
    this.#cancelRotation = this.#options.clock.after(CODE_SHOWN_MS, () => this.#rotate());
  }
}

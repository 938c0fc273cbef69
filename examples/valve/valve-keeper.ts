import type { Position, Valve } from './valve.ts';

/** After so long without a word the valve closes by itself: also when this process stands still, or the node has no power. */
export const WATCHDOG_MS = 1_000;

/** A valve as it is told to the site. */
export interface ValveState {
  readonly position: Position;
  /** The command that brought it there; undefined when it closed by itself. */
  readonly commandId?: string;
}

export interface ValveKeeperOptions {
  readonly valve: Valve;
  /** Begins an act on the valve, or throws because the role has ended. */
  readonly act: <T>(act: () => T) => T;
  readonly tell: (state: ValveState) => void;
  /** So long after the last command to open it closes by itself: whoever opened it may have died since. */
  readonly openForMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly wait: (delayMs: number) => Promise<void>;
}

/** Keeps one valve as the last command wants it, for as long as one role lasts. Begins closed, ends closed. */
export class ValveKeeper {
  readonly #options: ValveKeeperOptions;
  #state: ValveState = { position: 'closed' };
  #isArmed = false;
  #isOver = false;
  #closeAtMs = 0;
  #spokenAtMs: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ValveKeeperOptions) {
    this.#options = options;
    this.#spokenAtMs = options.nowMs();
  }

  /** Says to the valve again what it is to do; to be called several times in {@link WATCHDOG_MS}. */
  refresh(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver) return;
      const { valve, tell, nowMs } = this.#options;
      const isFirst = !this.#isArmed;
      await valve.open();
      if (isFirst) await this.#say(() => valve.arm(WATCHDOG_MS));
      const isForgotten = this.#state.position === 'open' && nowMs() >= this.#closeAtMs;
      if (isForgotten) this.#state = { position: 'closed' };
      await this.#say(() => valve.move(this.#state.position));
      this.#isArmed = true;
      if (isFirst || isForgotten) tell(this.#state);
    });
  }

  /** Carries out a command that was found good; one that came after its end changes nothing. */
  obey(position: Position, commandId: string, expiresAtMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const { valve, tell, nowMs, openForMs } = this.#options;
      await valve.open();
      if (this.#isOver || nowMs() >= expiresAtMs) return;
      await this.#say(() => valve.move(position));
      this.#state = { position, commandId };
      this.#closeAtMs = nowMs() + openForMs;
      tell(this.#state);
    });
  }

  /**
   * Brings the valve to its safe state, and resolves when it is there: by a word, or by its own watchdog.
   * @param mayTouch false when another node may be driving it already
   */
  end(mayTouch: boolean): Promise<void> {
    // The next role of this unit has a keeper of its own.
    this.#isOver = true;
    return this.#inTurn(async () => {
      const { valve, nowMs, wait } = this.#options;
      this.#state = { position: 'closed' };
      if (!mayTouch) return;
      try {
        await valve.move('closed');
      } catch {
        // Nobody speaks to it any more, so that its watchdog closes it.
        await wait(Math.max(0, this.#spokenAtMs + WATCHDOG_MS - nowMs()));
      }
    });
  }

  /** What it is told to the site while the role lasts. */
  get state(): ValveState {
    return this.#state;
  }

  /** One word to the valve, begun only if the role lasts. */
  async #say(word: () => Promise<void>): Promise<void> {
    const said = this.#options.act(word);
    // Whether it was heard or not: from its end on the watchdog may count.
    await said.finally(() => (this.#spokenAtMs = this.#options.nowMs()));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    // Whoever asked hears of it.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** What a command's payload asks for: `{"position":"open"}`; undefined when it is not understood. */
export function positionOf(payload: Uint8Array): Position | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    const position = typeof value === 'object' && value !== null && 'position' in value ? value.position : undefined;
    return position === 'open' || position === 'closed' ? position : undefined;
  } catch {
    return undefined;
  }
}

import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { hasErrno, messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { WatchdogState } from '../../k8s/core/sensor-service/watchdog.ts';
import type { UnitState } from '../core/fencing/unit-state.ts';
import {
  isStuck,
  isWatchdogWanted,
  LONGEST_TIMEOUT_MS,
  mayAct,
  petEveryMs,
  watchdogAction,
  type WatchdogFacts,
  type WatchdogRefusal,
  watchdogState,
} from '../core/watchdog.ts';
import type { ProcessName } from './process-state.ts';
import type { StuckMarker } from './stuck-marker.ts';
import type { Watchdog } from './watchdog-device.ts';

export interface WatchdogKeeperOptions {
  readonly watchdog: Watchdog;
  /** What the standby knows about each unit now; undefined until it knows which there are. */
  readonly units: () => readonly UnitState[] | undefined;
  /** Processes of units with `fencing: Watchdog` that outlasted being killed. */
  readonly stuck: () => readonly ProcessName[];
  readonly marker: Pick<StuckMarker, 'holds' | 'write'>;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two looks while it is not armed. */
const LOOK_MS = 1_000;

/**
 * Arms the machine's watchdog while units with `fencing: Watchdog` are held here or may be, and pets it as long as this
 * process turns and ends what it has to end. When it hangs, or processes outlast being killed, the machine is reset.
 */
export class WatchdogKeeper {
  readonly #options: WatchdogKeeperOptions;
  #facts: WatchdogFacts | undefined;
  #isOpen = false;
  #refusal: WatchdogRefusal | undefined;
  #isStarving = false;
  #told = '';
  #cancel: CancelTimer = () => undefined;

  constructor(options: WatchdogKeeperOptions) {
    this.#options = options;
  }

  /** Looks and pets from now on. To be called first of all: an earlier standby may have left it running. */
  start(): void {
    const { clock } = this.#options;
    this.#turn();
    this.#tell();
    const everyMs = this.#isOpen ? petEveryMs(this.#facts?.timeoutMs ?? LONGEST_TIMEOUT_MS) : LOOK_MS;
    this.#cancel = clock.after(everyMs, () => this.start(), 'hold');
  }

  /** For the health file, from which the device plugin tells it to the kubelet. */
  status(): { state: WatchdogState; timeoutMs?: number; identity?: string } {
    const { timeoutMs, identity } = this.#facts ?? {};
    return {
      state: this.#state(),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(identity === undefined ? {} : { identity }),
    };
  }

  /** Stops it, unless there are processes that only a reset ends: then it is left to do so. */
  stop(): void {
    const { watchdog, logger } = this.#options;
    this.#cancel();
    if (!this.#isOpen) return;
    if (this.#isStuck()) {
      this.#isOpen = false;
      logger.error({}, 'the watchdog is left armed: processes do not end, and the machine will be reset');
      this.#attempt(() => watchdog.abandon());
      return;
    }
    // It may not end at all; the standby after this one sees that.
    this.#options.marker.write(this.#options.stuck());
    this.#disarm();
    if (this.#facts?.isForGood === true) {
      logger.warn({}, 'this watchdog cannot be stopped: the machine is reset unless another standby starts in time');
    }
  }

  /**
   * To be called before the process ends after an error that nobody expected. Where nothing acts, the machine is not reset
   * for it; where something does, or may, the standby after this one gets the whole timeout to start in. Never fails.
   */
  crash(): void {
    this.#cancel();
    if (!this.#isOpen || !this.#attempt(() => this.#lastAct())) return;
    this.#isOpen = false;
  }

  #lastAct(): void {
    const { watchdog, units, stuck, marker } = this.#options;
    if (this.#isStuck()) {
      watchdog.abandon();
      return;
    }
    marker.write(stuck());
    if (mayAct(units())) watchdog.pet();
    else watchdog.disarm();
  }

  /** Also what an earlier standby could not end: it is told to the next one as well. */
  #isStuck(): boolean {
    const { clock, units, stuck, marker } = this.#options;
    if (!isStuck(units() ?? [], clock.nowMs())) return marker.holds();
    marker.write(stuck());
    return true;
  }

  #turn(): void {
    const { watchdog, units, logger } = this.#options;
    this.#facts = watchdog.look();
    const known = units();
    const action = watchdogAction({
      facts: this.#facts,
      isOpen: this.#isOpen,
      refusal: this.#refusal,
      isWanted: isWatchdogWanted(known ?? []),
      isStuck: this.#isStuck(),
      isKnown: known !== undefined,
    });
    if (action === 'starve' && !this.#isStarving) {
      logger.error({}, 'processes do not end when they are killed: the watchdog is left to reset this machine');
    }
    this.#isStarving = action === 'starve';
    if (action === 'open') this.#open();
    else if (action === 'disarm') this.#disarm();
    else if (action === 'pet' && !this.#attempt(() => watchdog.pet())) this.#lose();
  }

  #open(): void {
    const { watchdog, logger } = this.#options;
    try {
      watchdog.open();
      watchdog.pet();
      this.#isOpen = true;
      this.#refusal = undefined;
    } catch (error) {
      const refusal = hasErrno(error, 'EBUSY') ? 'in-use' : 'unreadable';
      if (this.#refusal !== refusal) logger.warn({ detail: messageOf(error) }, 'the watchdog cannot be opened');
      this.#refusal = refusal;
    }
  }

  #disarm(): void {
    this.#attempt(() => this.#options.watchdog.disarm());
    this.#isOpen = false;
  }

  /** It took no pet: opened anew it may, and if not, the machine is reset. */
  #lose(): void {
    this.#attempt(() => this.#options.watchdog.abandon());
    this.#isOpen = false;
    this.#refusal = 'unreadable';
  }

  #attempt(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      this.#options.logger.error({ detail: messageOf(error) }, 'the watchdog does not do what it is told');
      return false;
    }
  }

  #state(): WatchdogState {
    return watchdogState({ facts: this.#facts, isOpen: this.#isOpen, refusal: this.#refusal });
  }

  #tell(): void {
    const state = this.#state();
    if (state === this.#told) return;
    this.#told = state;
    const units = this.#options.units() ?? [];
    const level = isWatchdogWanted(units) && state !== 'armed' ? 'warn' : 'info';
    this.#options.logger[level]({ ...this.status() }, TEXTS[state]);
  }
}

const TEXTS: Readonly<Record<WatchdogState, string>> = {
  armed: 'the watchdog is armed: this machine is reset when it hangs',
  ready: 'there is a watchdog, which is not armed: no service asks for it',
  'too-slow': 'the watchdog is not armed: it would reset this machine later than others wait',
  'in-use':
    'the watchdog is in use by another program, as systemd with RuntimeWatchdogSec; a standby that hangs is not reset',
  unreadable:
    'the watchdog is not armed: it cannot be opened, its kernel does not say how long it waits, or that is less than 10 seconds',
  none: 'this machine has no hardware watchdog',
};

import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrno } from '../../foundation/errors.ts';
import type { WatchdogFacts } from '../core/watchdog.ts';

/** A watchdog of the machine. All of it is done at once: a pet may not wait for anything else. */
export interface Watchdog {
  /** What the kernel says about it; undefined when there is none. */
  look(): WatchdogFacts | undefined;
  /** Starts it, if it does not run. Throws the error of the system, EBUSY when another program has it. */
  open(): void;
  /** Keeps it from resetting the machine until its timeout from now. Throws the error of the system. */
  pet(): void;
  /** Stops it and lets it go. */
  disarm(): void;
  /** Lets it go and leaves it running. */
  abandon(): void;
}

/** `/dev/watchdog` is another name of the first one (kernel: watchdog-api). */
const DEVICES = ['dev/watchdog0', 'dev/watchdog'];
const SYSFS = 'sys/class/watchdog/watchdog0';
/** The magic character: only what is closed right after it stops (kernel: watchdog-api). */
const MAGIC = 'V';
const PET = '.';
/** The kernel's own, without hardware (drivers/watchdog/softdog): it hangs with the kernel. */
const SOFTDOG = 'Software Watchdog';

/** The first hardware watchdog of the machine whose /dev and /sys are seen below `root`. */
export class WatchdogDevice implements Watchdog {
  readonly #root: string;
  #descriptor: number | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  look(): WatchdogFacts | undefined {
    const identity = this.#attribute('identity') ?? '';
    if (this.#path() === undefined || identity === SOFTDOG) return undefined;
    const timeout = Number.parseInt(this.#attribute('timeout') ?? '', 10);
    return {
      identity,
      // There is no ioctl here to ask by, and none to set it.
      timeoutMs: timeout > 0 ? timeout * 1_000 : undefined,
      isRunning: this.#attribute('state') === 'active',
      isForGood: this.#attribute('nowayout') === '1',
    };
  }

  open(): void {
    if (this.#descriptor !== undefined) return;
    // Neither made nor emptied: it is no file.
    this.#descriptor = openSync(this.#path() ?? join(this.#root, 'dev/watchdog0'), constants.O_WRONLY);
  }

  pet(): void {
    if (this.#descriptor !== undefined) writeSync(this.#descriptor, PET);
  }

  disarm(): void {
    if (this.#descriptor !== undefined) writeSync(this.#descriptor, MAGIC);
    this.abandon();
  }

  abandon(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }

  #path(): string | undefined {
    return DEVICES.map((name) => join(this.#root, name)).find((path) => existsSync(path));
  }

  #attribute(name: string): string | undefined {
    try {
      return readFileSync(join(this.#root, SYSFS, name), 'utf8').trim();
    } catch (error) {
      // A kernel without CONFIG_WATCHDOG_SYSFS, or a driver without this one.
      if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ENODEV', 'EIO', 'EACCES', 'EOPNOTSUPP')) return undefined;
      throw error;
    }
  }
}

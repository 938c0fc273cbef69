import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { sleep, systemClock } from '../foundation/clock.ts';
import { hasErrno } from '../foundation/errors.ts';

const SAY_EVERY_MS = 10_000;

export interface MachineLockOptions {
  /** How often it is tried while another has it. Default 1000. */
  readonly pollMs?: number;
  /** Called when it must be waited for, and again every ten seconds. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

/**
 * Keeps two processes of this machine from doing one thing at once. The lock is a listening socket in the kernel's abstract
 * namespace (unix(7)), so it goes with the process that holds it, however that ends. Each network namespace has its own.
 */
export class MachineLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Waits until nobody else holds the lock of that name; rejects with the signal's reason when it is aborted. */
  static async take(name: string, options: MachineLockOptions = {}): Promise<MachineLock> {
    const { pollMs = 1000, onWait = () => undefined, signal } = options;
    const path = `\0usher-${createHash('sha256').update(name).digest('hex')}`;
    let sayAtMs = 0;
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const server = createServer();
      server.listen(path);
      try {
        await once(server, 'listening');
        server.unref();
        return new MachineLock(server);
      } catch (error) {
        if (!hasErrno(error, 'EADDRINUSE')) throw error;
      }
      if (waitedMs >= sayAtMs) {
        onWait();
        sayAtMs += SAY_EVERY_MS;
      }
      await sleep(systemClock, pollMs, signal);
    }
  }

  async release(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

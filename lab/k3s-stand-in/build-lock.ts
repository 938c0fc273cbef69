import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { systemClock, sleep } from '../../foundation/clock.ts';
import { hasErrno } from '../../foundation/errors.ts';

const POLL_MS = 1000;
const SAY_EVERY = 10;

/**
 * Keeps two builds of one target apart. The lock is a listening socket in the kernel's abstract namespace (unix(7)), so
 * it goes with the process that holds it, however that ends.
 */
export class BuildLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Waits until nobody else builds `target`; rejects with the signal's reason when it is aborted. */
  static async take(
    target: string,
    options: { onProgress: (line: string) => void; signal?: AbortSignal },
  ): Promise<BuildLock> {
    const name = `\0usher-build-${createHash('sha256').update(target).digest('hex')}`;
    for (let tries = 0; ; tries += 1) {
      const server = createServer();
      server.listen(name);
      try {
        await once(server, 'listening');
        server.unref();
        return new BuildLock(server);
      } catch (error) {
        if (!hasErrno(error, 'EADDRINUSE')) throw error;
      }
      if (tries % SAY_EVERY === 0) options.onProgress('Waiting for another process that builds the k3s stand-in');
      await sleep(systemClock, POLL_MS, options.signal);
    }
  }

  async release(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

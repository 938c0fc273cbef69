import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A relay before a port of this machine on which packets get lost, as on a cable that was pulled: connections of a silent
 * time stay open and dead for ever at both ends, also after it; new ones then work.
 */
export class SilentRelay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #dead = new Set<Socket>();
  #isSilent = false;

  private constructor(toPort: number) {
    this.#server = createServer((near) => this.#join(near, connect({ host: '127.0.0.1', port: toPort })));
  }

  static async to(port: number): Promise<SilentRelay> {
    const relay = new SilentRelay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  goSilent(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) this.#dead.add(socket);
  }

  mend(): void {
    this.#isSilent = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      if (this.#isSilent) this.#dead.add(one);
      one.on('data', (bytes) => {
        if (!this.#dead.has(one)) other.write(bytes);
      });
      // An error is followed by close.
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        if (!this.#dead.has(one)) other.destroy();
      });
    }
  }
}

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A cable to a port on this machine, which can be cut (connections break) or go silent (nothing arrives any more). */
export class CuttableLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: 'whole' | 'cut' | 'silent' = 'whole';

  private constructor(toPort: number) {
    this.#server = createServer((near) => {
      if (this.#state === 'cut') {
        near.destroy();
        return;
      }
      const far = connect({ host: '127.0.0.1', port: toPort });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on('data', (bytes) => {
          if (this.#state === 'whole') other.write(bytes);
        });
        // An error is followed by close, which ends the other half.
        one.on('error', () => one.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** Lays the cable. */
  static async to(port: number): Promise<CuttableLink> {
    const link = new CuttableLink(port);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  goSilent(): void {
    this.#state = 'silent';
  }

  /** New connections work again; those of a silent time stay dead, as their bytes are lost. */
  mend(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#state = 'whole';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { LineSplitter } from '../../../node/grant-protocol/lines.ts';
import { GRANT_PROTOCOL, parseStandbyMessage, type ServiceMessage } from '../../../node/grant-protocol/messages.ts';

/** A service at its grant socket that is always ready, answers every ping, and does nothing with its grants. */
export class FakeService {
  readonly #socket: Socket;

  private constructor(socket: Socket, podUid: string, onGrant: (unit: string) => void) {
    const lines = new LineSplitter();
    this.#socket = socket;
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text: string) => {
      for (const line of lines.push(text) ?? []) {
        const message = parseStandbyMessage(line);
        if (message?.type === 'ping') this.#say({ type: 'pong', id: message.id });
        else if (message?.type === 'grant') onGrant(message.unit);
      }
    });
    this.#say({ type: 'hello', protocol: GRANT_PROTOCOL, podUid, holding: [] });
    this.#say({ type: 'ready' });
  }

  /** Gives undefined while nobody listens there. */
  static async connectTo(
    path: string,
    podUid: string,
    onGrant: (unit: string) => void,
  ): Promise<FakeService | undefined> {
    const socket = connect(path);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    return isOpen ? new FakeService(socket, podUid, onGrant) : undefined;
  }

  close(): void {
    this.#socket.destroy();
  }

  #say(message: ServiceMessage): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

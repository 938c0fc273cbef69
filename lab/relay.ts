import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { messageOf, UsherError } from '../foundation/errors.ts';

/** One port of the host's loopback and where it leads in the lab. */
export interface RelayTarget {
  /** Address and port as seen from the namespace. */
  readonly host: string;
  readonly port: number;
  /** Port on 127.0.0.1; 0 or left out takes any free one. */
  readonly localPort?: number;
}

const CHILD = fileURLToPath(new URL('relay-child.ts', import.meta.url));
const HOST = '127.0.0.1';

/**
 * Carries TCP from the host's loopback into a namespace. The listening socket is made here, in the host's namespace,
 * and handed to a process inside the other one, which accepts and connects there: a socket stays in the namespace in
 * which it was made. So the host needs no interface in the lab.
 */
export class Relay {
  readonly #namespacePath: string;
  #child: ChildProcess | undefined;

  /** @param namespacePath file of the network namespace, for instance /run/netns/usher-lab-relay */
  constructor(namespacePath: string) {
    this.#namespacePath = namespacePath;
  }

  /** The process inside, once the first port is open. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Opens one more port and gives its number.
   * @throws UsherError LISTEN_FAILED
   */
  async open(target: RelayTarget): Promise<number> {
    const server = await listen(target.localPort ?? 0);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new UsherError('INTERNAL', { detail: 'no port' });
    const child = this.#start();
    await new Promise<void>((resolve, reject) => {
      child.send({ host: target.host, port: target.port }, server, (error) => {
        if (error === null) resolve();
        else reject(new UsherError('LISTEN_FAILED', { address: `relay to ${target.host}`, detail: error.message }));
      });
    });
    // The child has its own copy of the socket; with ours open too, half of the connections would end here.
    server.close();
    return address.port;
  }

  /** From now on new connections that would have gone to `from` go to `to`. */
  redirect(from: string, to: string): void {
    this.#child?.send({ from, to });
  }

  /** Closes all ports and connections. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  #start(): ChildProcess {
    this.#child ??= spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'nsenter', `--net=${this.#namespacePath}`, process.execPath, CHILD],
      { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true },
    );
    return this.#child;
  }
}

/**
 * One TCP connection made from inside a namespace, as a socket (TLS and HTTP clients take it as theirs). A refused
 * connection shows as its end.
 */
export function connectIn(namespacePath: string, host: string, port: number): Socket {
  // Above descriptor 2, Node's pipes carry both ways.
  const script = ['sh', '-c', 'exec busybox nc "$0" "$1" <&3 >&3 3>&-', host, String(port)];
  const child = spawn('nsenter', [`--net=${namespacePath}`, ...script], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new UsherError('INTERNAL', { detail: 'no pipe to nsenter' });
  child.once('error', (error) => {
    socket.destroy(new UsherError('TOOL_MISSING', { tool: 'nsenter', package: 'util-linux' }, { cause: error }));
  });
  socket.once('close', () => child.kill());
  return socket;
}

function listen(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const detail = messageOf(error);
      reject(new UsherError('LISTEN_FAILED', { address: `${HOST}:${port}`, detail }, { cause: error }));
    });
    server.listen(port, HOST, () => {
      resolve(server);
    });
  });
}

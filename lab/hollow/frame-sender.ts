import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('frame-sender.pl', import.meta.url));

/** Puts whole Ethernet frames on an interface of this network namespace, by a helper in Perl (in every Debian). */
export class FrameSender {
  readonly #child: ChildProcess;

  constructor(interfaceName: string) {
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', 'perl', SCRIPT, interfaceName], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    // A helper that has ended shows in what is not seen; the process itself must not fall over it.
    this.#child.stdin?.on('error', () => undefined);
    this.#child.on('error', () => undefined);
  }

  send(frame: Uint8Array): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(frame.length);
    this.#child.stdin?.write(Buffer.concat([length, frame]));
  }

  close(): void {
    this.#child.stdin?.end();
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { UsherError } from '../../foundation/errors.ts';
import type { GoToolchain } from './go-toolchain.ts';

/** One `go build`. */
export interface GoBuild {
  /** The folder with go.mod. */
  readonly module: string;
  readonly package: string;
  readonly output: string;
  readonly tags: readonly string[];
  readonly linkFlags: readonly string[];
  /** File for `-overlay`. */
  readonly overlay?: string;
}

export interface GoBuilderOptions {
  readonly toolchain: GoToolchain;
  /** Gets everything the builds print. */
  readonly logPath: string;
  /** How many builds there will be. */
  readonly steps: number;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

const SAY_EVERY_MS = 5_000;
const TAIL_LINES = 15;

/** Runs Go builds one after another at low priority, and says how far they are. */
export class GoBuilder {
  readonly #options: GoBuilderOptions;
  readonly #startedMs = Date.now();
  #log: FileHandle | undefined;
  #step = 0;

  constructor(options: GoBuilderOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#log = await open(this.#options.logPath, 'w');
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  /** @throws UsherError LAB_BUILD_FAILED with the end of the log; STOPPED */
  async build(what: GoBuild): Promise<void> {
    const { steps, onProgress, signal } = this.#options;
    if (signal?.aborted === true) throw new UsherError('STOPPED', {}, { cause: signal.reason });
    this.#step += 1;
    const name = what.output.split('/').at(-1) ?? what.output;
    const lines: string[] = [];
    let compiled = 0;
    const say = (): void => {
      const doing = lines.at(-1);
      const detail = doing === undefined ? 'compiling' : `${compiled} packages compiled, ${doing}`;
      onProgress(
        `[${this.#step}/${steps}] ${name}: ${detail} (${Math.round((Date.now() - this.#startedMs) / 1000)} s)`,
      );
    };
    say();
    const ticker = setInterval(say, SAY_EVERY_MS);
    try {
      const code = await this.#run(what, (line) => {
        lines.push(line);
        if (!line.startsWith('go: ') && !line.includes(' ')) compiled += 1;
      });
      if (code !== 0) throw new UsherError('LAB_BUILD_FAILED', { detail: this.#lastWords(name, code, lines) });
    } finally {
      clearInterval(ticker);
    }
  }

  /** Resolves with the exit code. */
  async #run(what: GoBuild, onLine: (line: string) => void): Promise<number> {
    const { command, env } = this.#options.toolchain;
    const child = spawn('nice', ['-n', '10', command, ...argumentsOf(what)], {
      cwd: what.module,
      env: { ...process.env, ...env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that the compilers go with it.
      detached: true,
    });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    this.#options.signal?.addEventListener('abort', kill, { once: true });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        onLine(line);
        void this.#log?.write(`${line}\n`);
      });
    }
    try {
      const [code] = (await once(child, 'close')) as [number | null];
      if (this.#options.signal?.aborted === true)
        throw new UsherError('STOPPED', {}, { cause: this.#options.signal.reason });
      return code ?? -1;
    } finally {
      this.#options.signal?.removeEventListener('abort', kill);
    }
  }

  #lastWords(name: string, code: number, lines: readonly string[]): string {
    const tail = lines.slice(-TAIL_LINES).join('\n');
    return `go build of ${name} ended with ${code}; log: ${this.#options.logPath}\n${tail}`;
  }
}

function argumentsOf({ package: name, output, tags, linkFlags, overlay }: GoBuild): string[] {
  return [
    'build',
    '-v',
    '-buildvcs=false',
    ...(tags.length === 0 ? [] : ['-tags', tags.join(',')]),
    ...(overlay === undefined ? [] : ['-overlay', overlay]),
    '-ldflags',
    ['-w', '-s', ...linkFlags].join(' '),
    '-o',
    output,
    name,
  ];
}

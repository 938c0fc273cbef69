import { spawn } from 'node:child_process';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';

/** A child process as far as discovery uses one. */
export interface Child {
  readonly stdout: { on(event: 'data', listener: (chunk: Buffer) => void): unknown };
  readonly stderr: { on(event: 'data', listener: (chunk: Buffer) => void): unknown };
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** The process has ended and its output was read. */
  on(event: 'close', listener: (code: number | null, signal: string | null) => void): unknown;
  kill(signal: 'SIGTERM' | 'SIGKILL'): unknown;
}

/** Starts a program without a shell. Injected, so that tests need no programs. */
export type Spawn = (command: string, args: readonly string[]) => Child;

export const systemSpawn: Spawn = (command, args) => spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });

export interface SuperviseOptions {
  command: string;
  args: readonly string[];
  spawn: Spawn;
  clock: Clock;
  /** A child was started; its output begins anew. */
  onStart?: () => void;
  onOutput: (chunk: Buffer) => void;
  /** The child ended unasked, with what it said last; the next start comes after the back-off. */
  onLoss: (detail: string) => void;
}

export interface SupervisedChild {
  /** Ends the present child; it is started anew after the back-off. */
  restart(): void;
  /** Ends the child and waits until it is gone. */
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** A child that ran this long was well: the next loss starts with the first back-off again. */
const HEALTHY_AFTER_MS = 10_000;
const KILL_AFTER_MS = 2000;

/** Keeps a program running: starts it again with exponential back-off whenever it ends. */
export function supervise(options: SuperviseOptions): SupervisedChild {
  const { clock } = options;
  let backoffMs = FIRST_BACKOFF_MS;
  let child: Child | undefined;
  let cancelRetry: () => void = () => undefined;
  let isStopping = false;
  const ended = Promise.withResolvers<undefined>();

  const lost = (startedAtMs: number, detail: string): void => {
    child = undefined;
    if (isStopping) {
      ended.resolve(undefined);
      return;
    }
    if (clock.nowMs() - startedAtMs >= HEALTHY_AFTER_MS) backoffMs = FIRST_BACKOFF_MS;
    options.onLoss(detail);
    cancelRetry = clock.after(backoffMs, start);
    backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
  };
  const start = (): void => {
    const startedAtMs = clock.nowMs();
    const tail = createTail();
    const fresh = options.spawn(options.command, options.args);
    child = fresh;
    let isOver = false;
    const over = (detail: string): void => {
      if (isOver) return;
      isOver = true;
      lost(startedAtMs, detail);
    };
    fresh.on('error', (error) => over(messageOf(error)));
    fresh.on('close', (code, signal) => over(tail.last() ?? `${options.command} ended with ${signal ?? String(code)}`));
    fresh.stderr.on('data', tail.add);
    fresh.stdout.on('data', options.onOutput);
    options.onStart?.();
  };
  start();

  return {
    restart: () => child?.kill('SIGTERM'),
    async stop() {
      isStopping = true;
      cancelRetry();
      if (child === undefined) return;
      child.kill('SIGTERM');
      const cancelKill = clock.after(KILL_AFTER_MS, () => child?.kill('SIGKILL'));
      await ended.promise;
      cancelKill();
    },
  };
}

/** Lines that tools print on standard error although all is well. */
const NOISE = /^tcpdump: (listening|verbose|data link)|packets? (captured|received|dropped)/;

/** The last telling line of a program's standard error. */
function createTail() {
  let text = '';
  return {
    add: (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-2048);
    },
    last: (): string | undefined =>
      text
        .split('\n')
        .map((line) => printable(line, 200))
        .findLast((line) => line !== '' && !NOISE.test(line)),
  };
}

const RUN_TIMEOUT_MS = 5000;
const MOST_OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * Runs a program to its end and gives what it printed.
 * @throws UsherError TOOL_FAILED when it fails, takes longer than 5 s or prints more than 4 MiB
 */
export async function runTool(
  spawnChild: Spawn,
  clock: Clock,
  command: string,
  args: readonly string[],
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawnChild(command, args);
  const tail = createTail();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  const fail = (detail: string, cause?: unknown): void => {
    if (isOver) return;
    isOver = true;
    child.kill('SIGKILL');
    reject(new UsherError('TOOL_FAILED', { tool: [command, ...args].join(' '), detail }, { cause }));
  };
  const cancelTimeout = clock.after(RUN_TIMEOUT_MS, () => fail(`no end within ${RUN_TIMEOUT_MS} ms`));
  child.stderr.on('data', tail.add);
  child.stdout.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes > MOST_OUTPUT_BYTES) fail('it prints without end');
    else chunks.push(chunk);
  });
  child.on('error', (error) => fail(messageOf(error), error));
  child.on('close', (code, signal) => {
    if (code === 0) resolve(Buffer.concat(chunks).toString());
    else fail(tail.last() ?? `it ended with ${signal ?? String(code)}`);
  });
  try {
    return await promise;
  } finally {
    cancelTimeout();
  }
}

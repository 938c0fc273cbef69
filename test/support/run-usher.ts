import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UsherError } from '../../foundation/errors.ts';

export const USHER = fileURLToPath(new URL('../../cli/usher.mjs', import.meta.url));
/** Each call starts a process, beside all the other tests. */
export const LIMIT_MS = 20_000;

export interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

/** What the person at the program does. */
export interface Person {
  /** What is typed; without it nobody is there. */
  typed?: string;
  /** Ends the program with Ctrl-C once its output so far matches. */
  stopAt?: (out: string) => boolean;
}

/**
 * Runs the real program to its end.
 * @throws UsherError TIMED_OUT after {@link LIMIT_MS}; the process is then killed
 */
export function runUsher(args: readonly string[], env: Record<string, string>, person: Person = {}): Promise<Outcome> {
  const given = { PATH: process.env['PATH'], ...env };
  const limit = { timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
  const child = spawn(process.execPath, [USHER, ...args], { env: given, stdio: ['pipe', 'pipe', 'pipe'], ...limit });
  child.stdin.end(person.typed ?? '');
  return new Promise((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
      if (person.stopAt?.(out) === true) child.kill('SIGINT');
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') reject(new UsherError('TIMED_OUT', { what: args.join(' '), limitMs: LIMIT_MS }));
      else resolve({ code, out, err });
    });
  });
}

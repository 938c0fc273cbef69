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

/**
 * Runs the real program to its end. @param typed what the person types; without it nobody is there
 * @throws UsherError TIMED_OUT after {@link LIMIT_MS}; the process is then killed
 */
export function runUsher(args: readonly string[], env: Record<string, string>, typed?: string): Promise<Outcome> {
  const given = { PATH: process.env['PATH'], ...env };
  const child = spawn(process.execPath, [USHER, ...args], { env: given, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(typed ?? '');
  return new Promise((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new UsherError('TIMED_OUT', { what: args.join(' '), limitMs: LIMIT_MS }));
    }, LIMIT_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}

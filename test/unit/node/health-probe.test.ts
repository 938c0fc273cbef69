import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { monotonicClock } from '../../../node/grant-protocol/monotonic-clock.ts';

const run = promisify(execFile);
const PROBE = fileURLToPath(new URL('../../../node/standby/health.ts', import.meta.url));
const LIMIT_MS = 20_000;
const TOO_OLD_MS = 60_000;

it.each([
  { what: 'no file', health: undefined, answers: ['not well', 'not known'] },
  { what: 'an old one', health: { ageMs: TOO_OLD_MS, known: true }, answers: ['not well', 'not known'] },
  {
    what: 'a fresh one before the Leases are known',
    health: { ageMs: 0, known: false },
    answers: ['well', 'not known'],
  },
  { what: 'a fresh one', health: { ageMs: 0, known: true }, answers: ['well', 'known'] },
])(
  'the probe of the standby, with $what: $answers',
  async ({ health, answers }) => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-probe-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, 'health.json');
    if (health !== undefined) {
      const monotonicMs = Math.floor(monotonicClock.nowMs() - health.ageMs);
      await writeFile(path, JSON.stringify({ monotonicMs, known: health.known }));
    }
    const ask = async (...words: string[]): Promise<number> =>
      await run(process.execPath, [PROBE, ...words, '--health', path], { timeout: LIMIT_MS }).then(
        () => 0,
        (error: unknown) => (error as { code: number }).code,
      );
    const [well, known] = [await ask(), await ask('known')];
    expect([well === 0 ? 'well' : 'not well', known === 0 ? 'known' : 'not known']).toEqual(answers);
    // A probe that fails by an error of its own says nothing about the standby: the kubelet reads 1 as its answer.
    expect([well, known].every((code) => code === 0 || code === 1)).toBe(true);
  },
  2 * LIMIT_MS,
);

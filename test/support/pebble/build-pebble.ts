import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsherError } from '../../../foundation/errors.ts';
import { MachineLock } from '../../../lab/machine-lock.ts';
import { findGo } from '../../../lab/k3s-stand-in/go-toolchain.ts';

/** Let's Encrypt's ACME server for tests; Go's checksum database answers for this version. */
const PACKAGE = 'github.com/letsencrypt/pebble/v2/cmd/pebble';
const VERSION = 'v2.10.1';
const BUILD_LIMIT_MS = 300_000;
const STAND_IN = join(import.meta.dirname, '../../../lab/k3s-stand-in/k3s');

/**
 * The path of Pebble, built unless Usher's cache folder has it: half a minute once.
 * @throws UsherError LAB_BUILD_FAILED, TOOL_MISSING without Go
 */
export async function buildPebble(cacheDir: string): Promise<string> {
  const target = join(cacheDir, 'pebble', VERSION);
  const program = join(target, 'pebble');
  if (await isThere(program)) return program;
  await mkdir(join(cacheDir, 'pebble'), { recursive: true });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const lock = await MachineLock.take(target, { onWait: () => say('Waiting for another process that builds Pebble') });
  try {
    if (await isThere(program)) return program;
    const { command, env } = await findGo([STAND_IN], say);
    const draft = `${target}.building`;
    await rm(draft, { recursive: true, force: true });
    const settings = { GOBIN: draft, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const child = spawn('nice', ['-n', '10', command, 'install', `${PACKAGE}@${VERSION}`], {
      env: { ...process.env, ...env, ...settings },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: BUILD_LIMIT_MS,
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0)
      throw new UsherError('LAB_BUILD_FAILED', { detail: `go install of pebble ended with ${String(code)}` });
    await rename(draft, target);
    return program;
  } finally {
    await lock.release();
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

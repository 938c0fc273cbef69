import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ApiToken } from '../../../api/server/api-token.ts';
import { CliFile } from '../../../api/core/cli-file.ts';
import { systemRandom } from '../../../foundation/random.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-token-'));
  path = join(dir, 'cli.json');
});
afterEach(() => rm(dir, { recursive: true }));

const open = (): Promise<ApiToken> => ApiToken.open(dir, systemRandom);

it('is made when there is none, kept private, and the same after a restart', async () => {
  await writeFile(`${path}.new`, 'left over from a crash', { mode: 0o644 });
  await (await open()).publish({ url: 'https://127.0.0.1:8443', caPem: 'CA' });
  const { token } = CliFile.parse(JSON.parse(await readFile(path, 'utf8')));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await open()).isIn(`Bearer ${token}`)).toBe(true);
});

it.each<[string, () => Promise<unknown>]>([
  ['damaged', () => writeFile(path, '{"url":')],
  ['without a token', () => writeFile(path, '{}')],
  ['unreadable', () => mkdir(path)],
])('is not replaced when its file is %s: the operator is told which', async (_what, damage) => {
  await damage();
  const refusal: unknown = await open().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'CONFIG_INVALID', cause: expect.any(Error) as Error });
  expect((refusal as Error).message).toContain(path);
});

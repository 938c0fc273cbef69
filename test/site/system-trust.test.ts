import { execFile } from 'node:child_process';
import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiFixture } from '../support/api-fixture.ts';

const run = promisify(execFile);
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

const api = new ApiFixture();
let folder = '';
beforeAll(async () => {
  await api.start();
  folder = await mkdtemp(join(tmpdir(), 'usher-trust-'));
  await cp('/etc/ssl', join(folder, 'ssl'), { recursive: true, verbatimSymlinks: true });
  await mkdir(join(folder, 'local'));
});
afterAll(async () => {
  await api.stop();
  await rm(folder, { recursive: true });
});

/** Runs a command with a trust store of its own, a copy of the machine's, which nothing else sees. */
async function withOwnStore(command: string): Promise<string> {
  const mounts = [
    `mount --bind '${folder}/ssl' /etc/ssl`,
    `mount --bind '${folder}/local' /usr/local/share/ca-certificates`,
  ];
  const script = [...mounts, command].join(' && ');
  return (await run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], { timeout: 60_000 }))
    .stdout;
}

it('after the steps of /trust for Debian and Ubuntu, programs of the system believe the page, and only there', async () => {
  const before = await readFile(BUNDLE, 'utf8');
  const ask = `curl --silent --show-error --max-time 5 ${api.origin}/healthz`;
  await expect(withOwnStore(ask)).rejects.toMatchObject({ code: 60 });
  await writeFile(join(folder, 'local', 'usher.crt'), (await api.call('/trust/ca.pem')).text);
  expect(await withOwnStore(`update-ca-certificates >&2 && ${ask}`)).toContain('"ok":true');
  expect(await readFile(BUNDLE, 'utf8')).toBe(before);
  await expect(run('curl', ['--silent', `${api.origin}/healthz`])).rejects.toMatchObject({ code: 60 });
});

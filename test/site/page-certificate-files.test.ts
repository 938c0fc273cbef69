import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issue, type Pair } from '../support/test-authority.ts';
import { follow, shownTo } from '../support/tls-visitor.ts';
import { usher } from './support/operator-ways.ts';
import { eventually, startRunningSite, type RunningSite } from './support/running-site.ts';

const NAME = 'usher.plant.example';
const SEEN_MS = 30_000;

describe('a certificate of the operators’ own, on a running appliance', () => {
  let running: RunningSite;
  let folder = '';
  let root: Pair;
  let port = 0;

  beforeAll(async () => {
    // Its real path: the lab's master sees this folder there.
    folder = await mkdtemp(join(tmpdir(), 'usher-tls-'));
    root = await issue('plant root', { isAuthority: true });
    await put(await issue('usher', { names: [NAME], issuer: root }));
    const files = ['--tls-cert', join(folder, 'page.pem'), '--tls-key', join(folder, 'page.key')];
    running = await startRunningSite({ labName: 'pagetls', applianceArgs: files, binds: [{ from: folder }] });
    port = Number(new URL(running.site.url).port);
  });
  afterAll(async () => {
    await running.stop();
    await rm(folder, { recursive: true });
  });

  /** As an ACME client or a person puts files there: each whole, one after the other. */
  async function put({ cert, key }: Pair): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries({ 'page.key': key, 'page.pem': cert })) {
      await writeFile(join(folder, `${name}.new`), text, { mode: 0o600 });
      await rename(join(folder, `${name}.new`), join(folder, name));
    }
  }
  const serialShown = async (): Promise<string> => (await shownTo(port, NAME, root.cert)).serialNumber;

  it('is changed without a stop: who follows the page stays, who comes anew is shown the new one', async () => {
    const before = await serialShown();
    const stream = await follow(running.site.cliFile);
    await put(await issue('usher', { names: [NAME], issuer: root }));
    const after = await eventually('the new certificate', SEEN_MS, async () => {
      const serial = await serialShown();
      return serial !== before && serial;
    });
    await running.client.createClaim({ name: 'after-the-change', match: { serial: '10000000abcdef01' } });
    await stream.hears('after-the-change');

    // One that cannot be used: an alarm says so, and the one before serves on.
    await put({ cert: (await issue('usher', { names: [NAME], issuer: root })).cert, key: root.key });
    const alarm = await eventually('the alarm', SEEN_MS, async () =>
      (await running.client.alarms()).find(({ code }) => code === 'PAGE_TLS_INVALID'),
    );
    expect(alarm.message).toContain('the key belongs to another certificate');
    expect(await serialShown()).toBe(after);
    expect(await running.client.pageCertificate()).toMatchObject({
      issuer: 'Given',
      trouble: { code: 'PAGE_TLS_INVALID', remedy: expect.stringContaining('unencrypted key') as string },
    });
    expect((await usher(running, ['trust'])).stdout).toContain('PAGE_TLS_INVALID');

    await put(await issue('usher', { names: [NAME], issuer: root }));
    await eventually('the good one', SEEN_MS, async () => (await serialShown()) !== after);
    expect(await running.client.pageCertificate()).not.toHaveProperty('trouble');
    await stream.hears('PAGE_TLS_INVALID');
    stream.close();
  });
});

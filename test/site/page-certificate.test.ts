import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  AcmeCertificate,
  type AcmeCertificateOptions,
} from '../../api/server/page-certificate/acme/acme-certificate.ts';
import { acmeIssuer } from '../../api/server/page-certificate/acme/acme-issuer.ts';
import type { PageTrouble } from '../../api/server/page-certificate/given-certificate.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { systemRandom } from '../../foundation/random.ts';
import { ApiFixture, MAC } from '../support/api-fixture.ts';
import { freePort } from '../support/free-port.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { buildPebble } from '../support/pebble/build-pebble.ts';
import { startPebble, type Pebble } from '../support/pebble/pebble.ts';
import { issue } from '../support/test-authority.ts';
import { follow, shownTo } from '../support/tls-visitor.ts';
import { eventually } from './support/running-site.ts';

const NAMES = ['usher.plant.example', 'hall-3.plant.example'];
const HOUR_MS = 3_600_000;
const ORDER_MS = 60_000;

describe('the page’s certificate from an ACME server', () => {
  let program = '';
  let pebble: Pebble;
  const certificates: AcmeCertificate[] = [];
  let dir = '';

  beforeAll(async () => {
    program = await buildPebble(cacheDirectory(process.env));
    pebble = await startPebble(program);
    dir = await mkdtemp(join(tmpdir(), 'usher-acme-'));
  });
  afterEach(async () => {
    await Promise.all(certificates.splice(0).map((one) => one.close()));
  });
  afterAll(async () => {
    await pebble.stop();
    await rm(dir, { recursive: true });
  });

  /** One whose clock moves only when the test says so, after what is due now. */
  async function opened(
    facts: Partial<AcmeCertificateOptions> & { caPem?: string; port?: number; email?: string } = {},
  ): Promise<{ acme: AcmeCertificate; clock: ManualClock; troubles: string[]; pass: (ms: number) => Promise<void> }> {
    const clock = new ManualClock(Date.now());
    const { caPem = pebble.caPem, port = pebble.challengePort, email, ...further } = facts;
    const troubles: string[] = [];
    const acme = await AcmeCertificate.open({
      ...{ dir, names: NAMES, clock, random: systemRandom, logger: silentLogger },
      issuer: acmeIssuer({ url: pebble.url, caPem, email, challenge: { port }, clock }),
      onTrouble: ({ error }: PageTrouble) => void troubles.push(error.code),
      ...further,
    });
    certificates.push(acme);
    acme.start();
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      await acme.idle();
    };
    await pass(0);
    return { acme, clock, troubles, pass };
  }
  const serialOf = (acme: AcmeCertificate): string | undefined => acme.current?.leaf.serialNumber;

  it('comes without being waited for; whoever follows the page meanwhile is not cut off', async () => {
    const api = new ApiFixture();
    const caFile = join(dir, 'acme-ca.pem');
    await writeFile(caFile, pebble.caPem);
    await api.start({ acme: { directory: pebble.url, caFile, port: pebble.challengePort, names: NAMES } });
    try {
      expect(api.server.pageCertificate()).toMatchObject({ issuer: 'SiteCa', acme: { url: pebble.url } });
      const stream = await follow(api.cliFile);
      await eventually('the certificate', ORDER_MS, () => api.server.pageCertificate().issuer === 'Acme');
      const root = await pebble.rootPem();
      const shown = await shownTo(api.server.port, 'hall-3.plant.example', root);
      expect(new X509Certificate(root).checkIssued(new X509Certificate(root))).toBe(true);
      expect(shown.subjectaltname).toContain('DNS:usher.plant.example');
      // The rest of the names go on being vouched for by the site's own authority.
      expect((await shownTo(api.server.port, 'localhost', api.file.caPem)).subjectaltname).toContain('127.0.0.1');
      expect((await api.call('/healthz', { headers: { host: 'usher.plant.example' } })).status).toBe(200);
      api.sightings.see(MAC, { hostname: 'after-the-change' });
      await stream.hears('after-the-change');
      stream.close();
      expect(await modesIn(join(api.stateDir, 'page'))).toEqual(new Set(['600']));
    } finally {
      await api.stop();
    }
  }, 90_000);

  it('is kept over a restart, and renewed when a third of its life is left', { timeout: 90_000 }, async () => {
    const first = await opened();
    expect(first.acme.trouble).toBeUndefined();
    const again = await opened();
    expect(serialOf(again.acme)).toBe(serialOf(first.acme));
    await again.pass(14 * HOUR_MS);
    expect(serialOf(again.acme)).toBe(serialOf(first.acme));
    await again.pass(2 * HOUR_MS);
    expect(serialOf(again.acme)).not.toBe(serialOf(first.acme));
    // One account for all orders.
    expect(new Set(pebble.log.join('\n').match(/There are now (\d+) accounts/g)).size).toBe(2);
  });

  it('is ordered anew for other names', async () => {
    const { acme } = await opened({ names: ['line-2.plant.example'], email: 'it@plant.example' });
    expect(acme.trouble).toBeUndefined();
    expect(acme.current?.leaf.subjectAltName).toBe('DNS:line-2.plant.example');
  });

  it('says what the server found instead of the answer, and tries again later', { timeout: 90_000 }, async () => {
    const { acme, troubles, clock } = await opened({ names: ['other.plant.example'], port: await freePort() });
    expect(troubles).toEqual([]);
    expect(acme.trouble?.error.code).toBe('ACME_CHALLENGE_REFUSED');
    expect(acme.trouble?.error.message).toMatch(/other\.plant\.example.*(connect|refused)/i);
    expect((acme.plan.nextAtMs - clock.nowMs()) / 60_000).toBeGreaterThanOrEqual(1.5);
    // The one for the names before is still there, and serves.
    expect(acme.current).toBeDefined();
  });

  it(
    'stays while the directory is away, and the site’s own authority serves after its end',
    { timeout: 90_000 },
    async () => {
      const before = await opened();
      await before.acme.close();
      await pebble.stop();
      const { acme, troubles, clock, pass } = await opened();
      expect(serialOf(acme)).toBe(serialOf(before.acme));
      const start = clock.nowMs();
      // Two failures at night are nobody's business; the third is.
      for (const said of [[], [], ['ACME_DIRECTORY_AWAY']]) {
        await pass(acme.plan.nextAtMs - clock.nowMs());
        expect([troubles, acme.trouble?.error.code]).toEqual([said, 'ACME_DIRECTORY_AWAY']);
      }
      expect(serialOf(acme)).toBe(serialOf(before.acme));
      await pass(start + 25 * HOUR_MS - clock.nowMs());
      expect(acme.current).toBeUndefined();
      await acme.close();
      pebble = await startPebble(program, { port: Number(new URL(pebble.url).port) });
      const { acme: back } = await opened({ names: ['back.plant.example'] });
      expect(back.current?.leaf.subjectAltName).toBe('DNS:back.plant.example');
    },
  );

  it('is not taken from a server that the given authority does not vouch for', async () => {
    const { cert: caPem } = await issue('another authority', { isAuthority: true });
    const { acme } = await opened({ names: ['third.plant.example'], caPem });
    expect(acme.trouble?.error.message).toMatch(/certificate|signature/);
  });
});

async function modesIn(folder: string): Promise<Set<string>> {
  const names = await readdir(folder);
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return new Set(stats.map(({ mode }) => (mode & 0o777).toString(8)));
}

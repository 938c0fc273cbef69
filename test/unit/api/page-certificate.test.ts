import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PageCertificate } from '../../../api/server/page-certificate.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ManualClock } from '../../support/manual-clock.ts';

// Finding RSA primes takes as long as it takes.
vi.setConfig({ testTimeout: 60_000 });
const DAY_MS = 86_400_000;
const NAMES = ['localhost', '127.0.0.1', 'fd00::2'];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-page-'));
});
afterEach(() => rm(dir, { recursive: true }));

const open = (clock: ManualClock): Promise<PageCertificate> =>
  PageCertificate.open({ dir, clock, random: systemRandom, logger: silentLogger });

it('is issued for all names by an authority of its own, for less than 398 days, and kept private', async () => {
  const { cert, caPem } = await (await open(new ManualClock())).forNames(NAMES);
  const [leaf, ca] = [new X509Certificate(cert), new X509Certificate(caPem)];
  expect([leaf.checkIssued(ca), leaf.verify(ca.publicKey), leaf.ca, ca.ca]).toEqual([true, true, false, true]);
  expect(NAMES.map((name) => leaf.checkHost(name) ?? leaf.checkIP(name))).not.toContain(undefined);
  expect((Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / DAY_MS).toBeLessThanOrEqual(398);
  expect(leaf.publicKey.asymmetricKeyType).toBe('rsa');
  for (const file of await readdir(dir)) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
});

it('is kept over a restart, made anew when an address comes or its end is near, always by the same authority', async () => {
  const clock = new ManualClock();
  const first = await (await open(clock)).forNames(NAMES);
  const again = await open(clock);
  expect((await again.forNames(NAMES.slice(0, 2))).cert).toBe(first.cert);
  const moved = await again.forNames([...NAMES, '10.0.0.7']);
  expect(moved.cert).not.toBe(first.cert);
  clock.advance(360 * DAY_MS);
  expect((await again.forNames(NAMES)).cert).toBe(moved.cert);
  clock.advance(8 * DAY_MS);
  const renewed = await again.forNames(NAMES);
  expect(renewed.cert).not.toBe(moved.cert);
  expect([moved.caPem, renewed.caPem]).toEqual([first.caPem, first.caPem]);
});

it.each(['page.pem', 'page.key', 'ca.pem', 'ca.key'])('survives a damaged %s', async (file) => {
  const clock = new ManualClock();
  await (await open(clock)).forNames(NAMES);
  await truncate(join(dir, file), 100);
  const { cert, caPem } = await (await open(clock)).forNames(NAMES);
  expect(new X509Certificate(cert).verify(new X509Certificate(caPem).publicKey)).toBe(true);
});

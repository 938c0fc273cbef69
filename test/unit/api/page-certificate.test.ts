import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TlsFiles } from '../../../api/server/page-certificate/given-certificate.ts';
import { constraintsFor, isPermitted } from '../../../api/server/page-certificate/name-constraints.ts';
import { PageCertificate } from '../../../api/server/page-certificate/page-certificate.ts';
import { SiteCa, type ServerIdentity } from '../../../api/server/page-certificate/site-ca.ts';
import { isUsherError, messageOf } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { issue, type Order, type Pair } from '../../support/test-authority.ts';

// Finding RSA primes takes as long as it takes.
vi.setConfig({ testTimeout: 60_000 });
const DAY_MS = 86_400_000;
const NAMES = ['localhost', '127.0.0.1', 'fd00::2'];
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'usher-page-'));
});
afterEach(() => rm(dir, { recursive: true }));

const options = (clock: ManualClock) => ({ dir, clock, random: systemRandom, logger: silentLogger });
const open = (clock: ManualClock, names = NAMES): Promise<SiteCa> => SiteCa.open(options(clock), names);

describe("the site's own authority", () => {
  it('issues for all names, for less than 398 days, and its keys are kept private', async () => {
    const siteCa = await open(new ManualClock());
    const { cert } = await siteCa.forNames(NAMES);
    const [leaf, ca] = [new X509Certificate(cert), new X509Certificate(siteCa.caPem)];
    expect([leaf.checkIssued(ca), leaf.verify(ca.publicKey), leaf.ca, ca.ca]).toEqual([true, true, false, true]);
    expect(NAMES.map((name) => leaf.checkHost(name) ?? leaf.checkIP(name))).not.toContain(undefined);
    expect((Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / DAY_MS).toBeLessThanOrEqual(398);
    expect(leaf.publicKey.asymmetricKeyType).toBe('rsa');
    for (const file of await readdir(dir)) expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
  });

  it('is kept over a restart; a new address or a near end makes a new certificate by the same authority', async () => {
    const clock = new ManualClock();
    const before = await open(clock);
    const first = await before.forNames(NAMES);
    const again = await open(clock);
    expect((await again.forNames(NAMES.slice(0, 2))).cert).toBe(first.cert);
    const moved = await again.forNames([...NAMES, '10.0.0.7']);
    expect(moved.cert).not.toBe(first.cert);
    clock.advance(360 * DAY_MS);
    expect((await again.forNames(NAMES)).cert).toBe(moved.cert);
    clock.advance(8 * DAY_MS);
    expect((await again.forNames(NAMES)).cert).not.toBe(moved.cert);
    expect(again.fingerprint).toBe(before.fingerprint);
  });

  it.each(['page.pem', 'page.key', 'ca.pem', 'ca.key'])('survives a damaged %s', async (file) => {
    const clock = new ManualClock();
    await (await open(clock)).forNames(NAMES);
    await truncate(join(dir, file), 100);
    const siteCa = await open(clock);
    const { cert } = await siteCa.forNames(NAMES);
    expect(new X509Certificate(cert).verify(new X509Certificate(siteCa.caPem).publicKey)).toBe(true);
  });

  it('signs for private names, and for those it was made for, but for no other', async () => {
    const clock = new ManualClock();
    const names = [...NAMES, 'usher.plant.example', '203.0.113.7', '2001:db8::7'];
    const made = await open(clock, names);
    const again = await open(clock, [...names, 'bank.example', '198.51.100.1']);
    expect(again.fingerprint).toBe(made.fingerprint);
    const leaf = new X509Certificate((await again.forNames([...names, 'bank.example', '198.51.100.1'])).cert);
    for (const name of names) expect(leaf.checkHost(name) ?? leaf.checkIP(name), name).toBeDefined();
    expect(leaf.checkHost('bank.example')).toBeUndefined();
    expect(leaf.checkIP('198.51.100.1')).toBeUndefined();
  });

  it.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['172.31.255.255', true],
    ['172.32.0.1', false],
    ['192.168.8.1', true],
    ['100.64.0.1', true],
    ['fd12:3456::1', true],
    ['2001:db8::1', false],
    ['pi.lan', true],
    ['lan', true],
    ['plan', false],
    ['a.b.local', true],
    ['local.example', false],
  ])('%s is private: %s', (name, isPrivate) => {
    expect(isPermitted(constraintsFor([]), name)).toBe(isPrivate);
  });

  it('is believed by TLS clients for private names only, even when its key signs for others', async () => {
    const clock = new ManualClock();
    clock.advance(Date.now() - clock.nowMs());
    const siteCa = await open(clock, NAMES);
    expect(await talk(await siteCa.forNames(NAMES), siteCa.caPem, 'localhost')).toBe('welcome');
    const stolen: Pair = { cert: siteCa.caPem, key: await readFile(join(dir, 'ca.key'), 'utf8') };
    // Names bound hosts only: programs and mail are signed by no name that a constraint speaks of.
    expect(new X509Certificate(siteCa.caPem).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    const forged = async (names: string[]): Promise<string> => {
      const { cert, key } = await issue('forged', { names, issuer: stolen });
      return talk({ cert, key: new Secret(key) }, siteCa.caPem, 'localhost');
    };
    expect(await forged(['localhost', '10.1.2.3'])).toBe('welcome');
    expect(await forged(['localhost', 'bank.example'])).toBe('permitted subtree violation');
    expect(await forged(['localhost', '8.8.8.8'])).toBe('permitted subtree violation');
  });
});

describe('a certificate that operators give', () => {
  let root: Pair;
  let clock: ManualClock;
  let pageDir: string;
  beforeAll(async () => {
    pageDir = await mkdtemp(join(tmpdir(), 'usher-page-'));
  });
  afterAll(() => rm(pageDir, { recursive: true }));
  beforeEach(async () => {
    clock = new ManualClock();
    clock.advance(Date.now() - clock.nowMs());
    root = await issue('plant root', { isAuthority: true });
  });
  const tlsFiles = (): TlsFiles => ({ certPath: join(dir, 'given.pem'), keyPath: join(dir, 'given.key') });
  const put = async (cert: string, key: string): Promise<void> => {
    await writeFile(tlsFiles().certPath, cert);
    await writeFile(tlsFiles().keyPath, key);
  };
  const openGiven = (): Promise<PageCertificate> =>
    PageCertificate.open({ ...options(clock), dir: pageDir, tlsFiles: tlsFiles() }, NAMES);
  const order = (further: Order = {}): Order => ({ names: ['usher.plant.example'], issuer: root, ...further });

  it('serves the names that it has; the own authority serves the others', async () => {
    const given = await issue('usher', order());
    await put(given.cert + root.cert, given.key);
    const certificate = await openGiven();
    expect(certificate.view()).toMatchObject({ issuer: 'Given', names: ['usher.plant.example'] });
    expect([certificate.names('usher.plant.example'), certificate.names('bank.example')]).toEqual([true, false]);
    expect(certificate.contextFor('localhost')).not.toBe(certificate.contextFor('usher.plant.example'));
    expect(new X509Certificate(certificate.default.cert).checkHost('localhost')).toBe('localhost');
    const withAddress = await issue('usher', order({ names: ['usher.plant.example', 'fd00::2'] }));
    await put(withAddress.cert, withAddress.key);
    expect(await certificate.refresh(NAMES)).toBe(true);
    expect(new X509Certificate(certificate.default.cert).checkIP('fd00::2')).toBe('fd00::2');
    expect(certificate.trustPem).toContain(withAddress.cert.trim());
  });

  it('is read again when its files change; one that cannot be used leaves the one before', async () => {
    const first = await issue('usher', order());
    await put(first.cert, first.key);
    const certificate = await openGiven();
    const context = certificate.contextFor('usher.plant.example');
    expect(await certificate.refresh(NAMES)).toBe(false);
    const second = await issue('usher', order());
    await put(second.cert, first.key);
    expect(await certificate.refresh(NAMES)).toBe(false);
    expect(certificate.contextFor('usher.plant.example')).toBe(context);
    await put(second.cert, second.key);
    expect(await certificate.refresh(NAMES)).toBe(true);
    expect(certificate.contextFor('usher.plant.example')).not.toBe(context);
  });

  const past = new Date(Date.now() - 1000);
  const soon = new Date(Date.now() + 3_600_000);
  it.each<[string, (good: Pair, other: Pair) => Promise<[string, string]> | [string, string], string]>([
    ['another key', (good, other) => [good.cert, other.key], 'the key belongs to another certificate'],
    ['no certificate', (good) => [good.key, good.key], 'there is no certificate in it'],
    [
      'half a certificate',
      (good) => [good.cert.replaceAll(/[a-f]/g, ''), good.key],
      'a certificate in it cannot be read',
    ],
    ['no key', (good) => [good.cert, 'nothing'], 'the key cannot be read'],
    [
      'a foreign chain',
      async (good) => [good.cert + (await issue('x', { isAuthority: true })).cert, good.key],
      'not followed',
    ],
    ['an authority', () => [root.cert, root.key], 'it is an authority'],
    ['no names', async () => pairOf(await issue('usher', { issuer: root })), 'it names no host'],
    [
      'clients only',
      async () => pairOf(await issue('u', order({ usages: ['1.3.6.1.5.5.7.3.2'] }))),
      'not meant for servers',
    ],
    ['yesterday', async () => pairOf(await issue('usher', order({ notAfter: past }))), 'PAGE_TLS_EXPIRED'],
    ['tomorrow', async () => pairOf(await issue('usher', order({ notBefore: soon }))), 'PAGE_TLS_EXPIRED'],
  ])('is refused at the start: %s', async (_what, files, reason) => {
    const [good, other] = [await issue('usher', order()), await issue('usher', order())];
    await put(...(await files(good, other)));
    const refusal = await openGiven().catch((error: unknown) => error);
    expect(isUsherError(refusal) ? `${refusal.code} ${refusal.message}` : refusal).toContain(reason);
  });

  it('is refused when its files are missing', async () => {
    await expect(openGiven()).rejects.toMatchObject({ code: 'PAGE_TLS_INVALID' });
  });
});

function pairOf({ cert, key }: Pair): [string, string] {
  return [cert, key];
}

/** What a TLS client hears from a server with that identity: `welcome`, or why it hangs up. */
async function talk({ key, cert }: ServerIdentity, ca: string, servername: string): Promise<string> {
  const server = createServer({ key: key.reveal(), cert }, (socket) => socket.end('welcome'));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening', { signal: AbortSignal.timeout(5000) });
  const { port } = server.address() as AddressInfo;
  try {
    const socket = connect({ host: '127.0.0.1', port, servername, ca });
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    return chunk.toString();
  } catch (error) {
    return messageOf(error);
  } finally {
    server.close();
  }
}

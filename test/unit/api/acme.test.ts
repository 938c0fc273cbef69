import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer, globalAgent, type Server } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../appliance/config.ts';
import {
  AcmeCertificate,
  type AcmeCertificateOptions,
} from '../../../api/server/page-certificate/acme/acme-certificate.ts';
import { acmeIssuer, type AcmeIssuer, type AcmeOrder } from '../../../api/server/page-certificate/acme/acme-issuer.ts';
import { renewalAtMs, retryAfterToMs, retryDelayMs } from '../../../api/server/page-certificate/acme/acme-schedule.ts';
import { ChallengeServer } from '../../../api/server/page-certificate/acme/challenge-server.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { issue } from '../../support/test-authority.ts';

const NAMES = ['usher.plant.example'];
const MINUTE_MS = 60_000;

describe('when the next order is due', () => {
  it.each([
    ['90 days', 90, 0, 60],
    ['90 days, with jitter', 90, 1, 57],
    ['a day', 1, 0, 2 / 3],
  ])('%s: a third of its life before its end', (_what, days, jitter, due) => {
    const dayMs = 86_400_000;
    expect(renewalAtMs({ fromMs: 0, toMs: days * dayMs }, jitter) / dayMs).toBeCloseTo(due, 6);
  });

  it.each([
    [1, 0, 1.5],
    [1, 1, 2.5],
    [3, 0.5, 8],
    [6, 0.5, 60],
    [1000, 0.5, 60],
  ])('after %i failures (jitter %d): %d minutes', (failures, jitter, minutes) => {
    expect(retryDelayMs(failures, jitter) / MINUTE_MS).toBeCloseTo(minutes, 6);
  });

  it.each<[string | undefined, number | undefined]>([
    ['120', 121_000],
    ['Thu, 01 Jan 1970 00:05:00 GMT', 300_000],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After: %s', (header, at) => {
    expect(retryAfterToMs(header, 1000)).toBe(at);
  });
});

describe('the answers to challenges', () => {
  it('are given for the token alone, and for no other path', async () => {
    const server = await ChallengeServer.listen({ host: '127.0.0.1', port: 0 });
    server.answer('t0ken', 't0ken.thumb');
    const ask = async (path: string, method = 'GET'): Promise<string> => {
      const reply = await fetch(`http://127.0.0.1:${String(server.port)}${path}`, { method });
      return `${String(reply.status)} ${await reply.text()}`;
    };
    try {
      expect(await ask('/.well-known/acme-challenge/t0ken')).toBe('200 t0ken.thumb');
      for (const path of ['/', '/.well-known/acme-challenge/', '/.well-known/acme-challenge/other', '/trust'])
        expect([path, await ask(path)]).toEqual([path, '404 ']);
      expect(await ask('/.well-known/acme-challenge/t0ken', 'POST')).toBe('404 ');
    } finally {
      await server.close();
    }
  });

  it('need a free port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(ChallengeServer.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ACME_PORT_TAKEN',
    });
    other.close();
  });
});

describe('an ACME server', () => {
  let dir = '';
  let server: Server | undefined;
  const open: AcmeCertificate[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'usher-acme-'));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    await rm(dir, { recursive: true });
  });

  /** One that only ever answers that. */
  async function serve(
    status: number,
    headers: Record<string, string>,
    body: object,
  ): Promise<{ url: string; caPem: string }> {
    const { cert, key } = await issue('acme', { names: ['localhost'] });
    const answers = createHttpsServer({ cert, key }, (_request, reply) => {
      reply.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
    server = answers.listen(0, '127.0.0.1');
    await once(answers, 'listening');
    return { url: `https://localhost:${String((answers.address() as AddressInfo).port)}/dir`, caPem: cert };
  }
  async function opened(
    issuer: AcmeIssuer,
    clock: ManualClock,
    further: Partial<AcmeCertificateOptions> = {},
  ): Promise<AcmeCertificate> {
    const basics = { dir, names: NAMES, clock, random: systemRandom, logger: silentLogger };
    const acme = await AcmeCertificate.open({ ...basics, issuer, ...further });
    open.push(acme);
    acme.start();
    clock.advance(0);
    await acme.idle();
    return acme;
  }

  it('that wants no order before a moment is left alone until then, also over a restart', async () => {
    const clock = new ManualClock();
    const options = { clock, challenge: { port: 0 } };
    const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many orders' };
    const issuer = acmeIssuer({ ...options, ...(await serve(429, { 'retry-after': '7200' }, problem)) });
    const first = await opened(issuer, clock);
    expect(first.trouble?.error).toMatchObject({ code: 'ACME_LIMITED', params: { detail: 'too many orders' } });
    const heldUntilMs = clock.nowMs() + 7_200_000;
    expect(first.plan.nextAtMs).toBe(heldUntilMs);
    clock.advance(MINUTE_MS);
    const again = await opened(issuer, clock);
    expect([again.plan.nextAtMs, again.trouble]).toEqual([heldUntilMs, undefined]);
    // Another server said nothing of that kind.
    const another = await opened({ ...issuer, url: 'https://other.example/dir' }, clock);
    expect(another.trouble?.error.code).toBe('ACME_LIMITED');
  });

  it.each<[string, number, object, RegExp]>([
    [
      'names a place without TLS',
      200,
      { newNonce: 'http://localhost/nonce', newAccount: 'http://localhost/a' },
      /not https/,
    ],
    ['is broken', 500, {}, /answers 500/],
    ['is something else', 200, {}, /newNonce|resource URL/],
  ])('that %s is not talked to', async (_what, status, body, reason) => {
    const clock = new ManualClock();
    const issuer = acmeIssuer({ clock, challenge: { port: 0 }, ...(await serve(status, {}, body)) });
    expect((await opened(issuer, clock)).trouble?.error.message).toMatch(reason);
  });

  it('changes nothing else in the process: no agent, no global, not the library’s own transport', async () => {
    const acme = await import('acme-client');
    const snapshot = (): unknown => [
      Object.keys(globalAgent.options),
      Object.getOwnPropertyNames(globalThis).sort(),
      acme.axios.defaults.adapter,
      acme.axios.defaults.httpsAgent as unknown,
    ];
    const before = snapshot();
    const clock = new ManualClock();
    const issuer = acmeIssuer({ clock, challenge: { port: 0 }, ...(await serve(500, {}, {})) });
    await opened(issuer, clock);
    expect(snapshot()).toEqual(before);
  });

  /** Gives what the test says for each order. */
  const issuing = (make: (order: AcmeOrder) => Promise<string>): AcmeIssuer => ({
    url: 'https://ca.example/dir',
    order: (order) => make(order),
  });

  it('that gives a certificate of another key or for other names is refused', async () => {
    const clock = new ManualClock(Date.now());
    for (const names of [NAMES, ['bank.example']]) {
      const issuer = issuing(async () => (await issue('x', { names })).cert);
      expect((await opened(issuer, clock)).trouble?.error.code).toBe('ACME_REFUSED');
    }
  });

  it('is asked anew when the kept file is damaged; a person is told while there is no certificate', async () => {
    await writeFile(join(dir, 'acme.pem'), '-----BEGIN CERTIFICATE-----\nhalf');
    const told: string[] = [];
    const issuer = issuing(() => Promise.resolve('nothing'));
    const acme = await opened(issuer, new ManualClock(), { onTrouble: ({ error }) => void told.push(error.code) });
    expect([acme.current, told]).toEqual([undefined, ['ACME_REFUSED']]);
  });

  it('keeps its keys secret', async () => {
    const orders: AcmeOrder[] = [];
    const issuer = issuing((order) => {
      orders.push(order);
      return Promise.resolve('');
    });
    await opened(issuer, new ManualClock());
    expect(orders[0]?.accountKey).toBeInstanceOf(Secret);
    expect(JSON.stringify(orders)).not.toContain('PRIVATE KEY');
  });
});

describe('the settings of --acme-directory', () => {
  const acme = { cacheDir: '/c', acmeDirectory: 'https://ca.plant.example/dir', pageHosts: ['Usher.Plant.Example'] };
  it('are taken together', () => {
    expect(readConfig({ ...acme, acmeEmail: 'it@plant.example' })).toMatchObject({
      ...{ acmePort: 80, pageHosts: ['usher.plant.example'] },
    });
  });
  it.each([
    ['no name', { ...acme, pageHosts: [] }, '--page-host'],
    ['an address', { ...acme, pageHosts: ['192.168.1.1'] }, 'must be a host name'],
    ['no TLS', { ...acme, acmeDirectory: 'http://ca.plant.example/dir' }, 'acmeDirectory'],
    ['a certificate too', { ...acme, tlsCert: '/a', tlsKey: '/b' }, 'exclude'],
    ['a CA alone', { cacheDir: '/c', acmeCa: '/ca' }, 'go with --acme-directory'],
  ])('are refused: %s', (_what, options, reason) => {
    expect(() => readConfig(options)).toThrow(reason);
  });
});

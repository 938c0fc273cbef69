import { inspect } from 'node:util';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { TestDevice, TestReply } from '../../support/test-device.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { DEFAULT_ENROL_LIMITS } from '../../../join/enrol/limits.ts';
import { EnrolStatus, Refusal } from '../../../join/protocol/messages.ts';

let site: EnrolSite;
beforeEach(async () => {
  site = await EnrolSite.start();
});
afterEach(() => site.close());

const none = { type: 'none' } as const;
const sayHello = (device: TestDevice, token?: string): Promise<TestReply> =>
  device.post('hello', device.hello(token === undefined ? none : { type: 'token', token }));
const newToken = async (): Promise<string> => (await site.tokens.create({ kind: 'card' })).token.reveal();

describe('hello', () => {
  it('without evidence makes a candidate and costs the API server nothing', async () => {
    const device = await site.newDevice();
    const calls = site.kube.calls.length;
    const reply = await sayHello(device);
    expect(reply.status).toBe(202);
    expect(EnrolStatus.parse(reply.json())).toMatchObject({
      state: 'pending',
      reason: { code: 'EVIDENCE_MISSING' },
      retryAfterSec: 5,
    });
    expect(site.candidates.get(device.deviceId)).toMatchObject({ ip: '127.0.0.1' });
    expect(site.kube.calls).toHaveLength(calls);
    expect(site.desk.admissions).toEqual([]);
  });

  it('with a token admits the device, and tells nobody the token', async () => {
    const device = await site.newDevice();
    const token = await newToken();
    const reply = await sayHello(device, token);
    expect([reply.status, reply.json()]).toMatchObject([200, { state: 'verified' }]);
    expect(site.desk.admissions).toMatchObject([
      { device: { deviceId: device.deviceId }, evidence: { kind: 'CardToken', tokenId: token.split('.')[1] } },
    ]);
    expect(site.desk.admissions[0]?.device.publicKeyPem).toContain('BEGIN PUBLIC KEY');
    expect(JSON.stringify(site.desk.admissions)).not.toContain(token.split('.')[2]);
  });

  it('with the same token and key again only refreshes the hardware', async () => {
    const device = await site.newDevice();
    const token = await newToken();
    await sayHello(device, token);
    const writes = site.kube.writes().length;
    const again = await device.post('hello', device.hello({ type: 'token', token }, { hostname: 'moved' }));
    expect(again.status).toBe(200);
    expect(site.desk.admissions[1]).toMatchObject({
      evidence: { kind: 'None' },
      device: { hello: { hw: { hostname: 'moved' } } },
    });
    expect(site.kube.writes()).toHaveLength(writes);
  });

  it('with a token that another key used says so to both sides, and lets the device go on polling', async () => {
    const [first, second] = [await site.newDevice(), await site.newDevice()];
    const token = await newToken();
    await sayHello(first, token);
    const refused = await sayHello(second, token);
    expect(refused.status).toBe(403);
    expect(Refusal.parse(refused.json())).toMatchObject({ error: { code: 'TOKEN_USED' }, retryAfterSec: 60 });
    const candidate = site.candidates.get(second.deviceId);
    expect(candidate?.refusal?.code).toBe('TOKEN_USED');
    expect(JSON.stringify(candidate)).not.toContain(token.split('.')[2]);
    const status = await second.get('status');
    expect([status.status, status.json()]).toMatchObject([202, { state: 'pending', reason: { code: 'TOKEN_USED' } }]);
    expect(site.desk.admissions).toHaveLength(1);
  });

  it('from a device whose key is claimed admits it, even with a refused token', async () => {
    const [plain, refused] = [await site.newDevice(), await site.newDevice()];
    for (const { keyFingerprint } of [plain, refused]) site.desk.claimedKeys.add(keyFingerprint);
    expect((await sayHello(plain)).json()).toMatchObject({ state: 'verified' });
    expect((await sayHello(refused, `ush1.${'0'.repeat(10)}.${'0'.repeat(26)}`)).json()).toMatchObject({
      state: 'verified',
    });
    expect(site.desk.admissions.map(({ evidence }) => evidence.kind)).toEqual(['Key', 'Key']);
    expect(site.candidates.list()).toEqual([]);
  });

  it('need not be said again when the key is claimed later', async () => {
    const device = await site.newDevice();
    await sayHello(device);
    site.desk.claimedKeys.add(device.keyFingerprint);
    expect((await device.get('status')).json()).toMatchObject({ state: 'verified' });
    expect(site.candidates.list()).toEqual([]);
  });

  it('takes away what could disturb a terminal or a page', async () => {
    const device = await site.newDevice();
    await device.post('hello', device.hello(none, { hostname: 'pi\u001b]0;x\u0007\u202e' }));
    expect(site.candidates.get(device.deviceId)?.hello.hw.hostname).toBe('pi]0;x');
  });

  it('takes what a USB device says of itself as text, and nothing of a list that is none', async () => {
    const device = await site.newDevice();
    const usb = { path: '/dev/ttyUSB0', vendor: '0403', product: '6001', name: 'FT\u001b[2J232R' };
    await device.post('hello', device.hello(none, { usb: [usb] }));
    const taken = () => site.candidates.get(device.deviceId)?.hello.hw.usb;
    expect(taken()).toEqual([{ ...usb, name: 'FT[2J232R' }]);
    const hello = device.hello(none);
    await device.post('hello', { ...hello, hw: { ...hello.hw, usb: [{ path: '/etc/shadow' }] } });
    expect(taken()).toBeUndefined();
  });

  it('says what is wrong with one that cannot be read', async () => {
    const device = await site.newDevice();
    const good = device.hello(none);
    const cases: [unknown, number, string][] = [
      ['{', 400, 'REQUEST_INVALID'],
      [{ ...good, hw: { ...good.hw, macs: ['x'] } }, 400, 'HELLO_INVALID'],
      [{ ...good, evidence: { type: 'crystal ball' } }, 400, 'EVIDENCE_UNSUPPORTED'],
      [{ ...good, agent: 'x'.repeat(17_000) }, 413, 'REQUEST_TOO_LARGE'],
    ];
    for (const [body, status, code] of cases) {
      const reply = await device.post('hello', body);
      expect([reply.status, reply.json()]).toMatchObject([status, { error: { code } }]);
    }
    expect(site.candidates.list()).toEqual([]);
  });

  it('and join leave no secret in the log, whatever arrives', async () => {
    await site.close();
    const lines: string[] = [];
    const note = (fields: object, message: string): void => void lines.push(inspect([fields, message], { depth: 9 }));
    const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
    site = await EnrolSite.start({}, systemClock, logger);
    const [first, second] = [await site.newDevice(), await site.newDevice()];
    const token = await newToken();
    await sayHello(first, token);
    await sayHello(second, token);
    await second.post('hello', `{"token": "${token}`);
    await second.post('hello', { ...second.hello({ type: 'token', token }), id: 1 });
    site.kube.failNext('get', 'KUBE_UNREACHABLE');
    await sayHello(second, token);
    site.desk.set(first.deviceId, 'approved');
    expect((await first.post('join', { v: 1, bootId: 'b' })).json()).toMatchObject({
      token: 'K10ff::abc123.0123456789abcdef',
    });
    expect(lines.length).toBeGreaterThan(2);
    for (const secret of [token.split('.')[2], '0123456789abcdef', '00112233445566778899aabbccddeeff', 'PRIVATE KEY']) {
      expect(lines.join('\n')).not.toContain(secret);
    }
  });

  it('fails without details when Kubernetes does, and works afterwards', async () => {
    const device = await site.newDevice();
    const token = await newToken();
    site.kube.failNext('replace', 'KUBE_UNREACHABLE');
    const reply = await sayHello(device, token);
    expect([reply.status, reply.json()]).toMatchObject([503, { error: { code: 'INTERNAL' }, retryAfterSec: 10 }]);
    expect(reply.body.toString()).not.toContain('injected');
    expect((await sayHello(device, token)).json()).toMatchObject({ state: 'verified' });
  });
});

describe('limits', () => {
  it('of hello per key and per address, before the body is read', async () => {
    await site.close();
    const minute = (uses: number): { uses: number; perSec: number } => ({ uses, perSec: 60 });
    site = await EnrolSite.start({ helloPerKey: minute(3), helloPerIp: minute(5) });
    const [one, two, elsewhere] = [await site.newDevice(), await site.newDevice(), await site.newDevice('127.0.0.2')];
    const asked: number[] = [];
    for (const body of ['{', '{', '{', '{']) asked.push((await one.post('hello', body)).status);
    for (const device of [two, two, two, elsewhere]) asked.push((await sayHello(device)).status);
    expect(asked).toEqual([400, 400, 400, 429, 202, 202, 429, 202]);
    const refused = await one.post('hello', '{');
    expect(Refusal.parse(refused.json()).retryAfterSec).toBe(Number(refused.headers['retry-after']));
    expect(site.server.counters()).toMatchObject({ rateLimited: 3, hellos: 3, candidates: 2 });
  });

  it('of requests for a ticket and of reports, each on its own and per key', async () => {
    await site.close();
    const minute = (uses: number): { uses: number; perSec: number } => ({ uses, perSec: 60 });
    site = await EnrolSite.start({ joinsPerKey: minute(2), reportsPerKey: minute(1) });
    const [one, two] = [await site.newDevice(), await site.newDevice()];
    const asked: number[] = [];
    for (const path of ['error', 'error', 'join', 'join', 'join', 'joined'])
      asked.push((await one.post(path, '{')).status);
    asked.push((await two.post('error', '{')).status);
    expect(asked).toEqual([400, 429, 400, 400, 429, 400, 400]);
    expect(DEFAULT_ENROL_LIMITS).toMatchObject({ joinsPerKey: minute(20), reportsPerKey: minute(6) });
  });

  it.each([
    ['hellos', { helloPerIp: { uses: 1, perSec: 60 } }, 429],
    ['refused tokens', { refusedTokensPerIp: { uses: 1, perSec: 60 } }, 429],
    ['connections', { connectionsPerIp: { uses: 1, perSec: 60 } }, 'cut off'],
  ])('of %s count the addresses of one IPv6 /64 as one', async (_, limits, second) => {
    await site.close();
    site = await EnrolSite.start(limits);
    // What `remoteAddress` reads; that one itself cannot be replaced, and loopback has one IPv6 address only.
    const peer = vi.spyOn(Socket.prototype as unknown as { _getpeername: () => object }, '_getpeername');
    const guess = `ush1.${'1'.repeat(10)}.${'0'.repeat(26)}`;
    const replies: (number | string)[] = [];
    try {
      for (const ip of ['2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1']) {
        peer.mockReturnValue({ address: ip });
        const device = await site.newDevice();
        replies.push(
          await sayHello(device, guess).then(
            ({ status }) => status,
            () => 'cut off',
          ),
        );
      }
    } finally {
      peer.mockRestore();
    }
    expect(replies).toEqual([403, second, 403]);
  });

  it('of refused tokens per address', async () => {
    await site.close();
    site = await EnrolSite.start({ refusedTokensPerIp: { uses: 2, perSec: 3600 } });
    const statuses: number[] = [];
    const guess = (digit: string): string => `ush1.${digit.repeat(10)}.${'0'.repeat(26)}`;
    const device = await site.newDevice();
    for (const digit of ['1', '2', '3']) statuses.push((await sayHello(device, guess(digit))).status);
    expect(statuses).toEqual([403, 403, 429]);
    expect((await sayHello(device)).status).toBe(202);
  });
});

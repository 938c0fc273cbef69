import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGISTRAR_NAME } from '../../join/protocol/messages.ts';
import { DEVICE } from '../../k8s/core/resources.ts';
import { clientCertificate, type TestReply } from '../support/test-device.ts';
import { eventually, type RunningSite, startRunningSite, tokensLeft } from './support/running-site.ts';
import { newCard, Stranger } from './support/stranger.ts';

const SOON_MS = 30_000;
const NONE = { type: 'none' } as const;

interface Answer {
  status: number;
  code: string | undefined;
  cookie: string;
  text: string;
}

/** What the running appliance's error body names, beside the status. */
function refusalOf(reply: TestReply): [status: number, code: unknown] {
  const { error } = reply.json() as { error?: { code: string } };
  return [reply.status, error?.code];
}

describe('outsiders of a running site', () => {
  let running: RunningSite;
  let caPem = '';
  const strangers: Stranger[] = [];
  const plugIn = async (host: number): Promise<Stranger> => {
    const stranger = await Stranger.plugIn(running, host, caPem);
    strangers.push(stranger);
    return stranger;
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'outs' });
    caPem = (await newCard(running)).caPem;
  });
  afterAll(async () => {
    await Promise.all(strangers.map((stranger) => stranger.close()));
    await running.stop();
  });

  it('who listens on the LAN finds TLS 1.3 only', async () => {
    const { port } = await plugIn(11);
    const handshake = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> =>
      new Promise((resolve) => {
        const target = { host: '127.0.0.1', port, ca: caPem, servername: REGISTRAR_NAME, timeout: 8000 };
        const socket = connect({ ...target, minVersion: 'TLSv1.2', maxVersion }, () => {
          resolve(socket.getProtocol() ?? 'none');
          socket.destroy();
        });
        socket.once('timeout', () => socket.destroy(new TypeError('no handshake within 8 s')));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
    expect(await handshake('TLSv1.2')).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  });

  it('whoever copied a card with its key is held on other hardware, gets no ticket, and raises an alarm', async () => {
    const host = await plugIn(12);
    const key = await clientCertificate();
    const [owner, copy] = [await host.device(key), await host.device(key)];
    const { token } = await newCard(running, { note: 'copied later' });
    expect((await owner.post('hello', owner.hello({ type: 'token', token }))).json()['state']).toBe('verified');
    await running.client.createClaim({ name: 'copied', device: owner.deviceId });
    await eventually(
      'the claim to be bound',
      SOON_MS,
      async () => (await running.client.claim('copied')).phase === 'Bound',
    );
    // The token is gone from the card by then; the key is not.
    await copy.post('hello', copy.hello(NONE, { serial: '10000000000c0991' }));
    await eventually(
      'the device to be held',
      SOON_MS,
      async () => (await running.client.device(owner.deviceId)).failure?.code === 'HARDWARE_CHANGED',
    );
    for (const device of [owner, copy])
      expect(refusalOf(await device.post('join', { v: 1, bootId: 'boot-1' }))[0]).toBeGreaterThanOrEqual(400);
    expect(await tokensLeft(running)).toEqual([]);
    await eventually('the alarm', SOON_MS, async () =>
      (await running.client.alarms()).some(
        ({ code, device }) => code === 'HARDWARE_CHANGED' && device === owner.deviceId,
      ),
    );
    await running.client.deleteClaim('copied');
  });

  it('a card image that leaked is good for as many boards as it was made for, and none of them joins unclaimed', async () => {
    const { token } = await running.client.createToken({ kind: 'batch', uses: 2, note: 'leaked image' });
    const host = await plugIn(13);
    const devices = [await host.device(), await host.device(), await host.device()];
    const said: unknown[] = [];
    for (const device of devices) {
      const reply = await device.post('hello', device.hello({ type: 'token', token }));
      said.push(reply.status === 200 ? reply.json()['state'] : refusalOf(reply)[1]);
    }
    expect(said).toEqual(['verified', 'verified', 'TOKEN_USED']);
    for (const device of devices)
      expect(refusalOf(await device.post('join', { v: 1, bootId: 'boot-1' }))).toEqual([403, 'NOT_APPROVED']);
    const ids = (await running.kube.list(DEVICE)).map(({ metadata }) => metadata.name);
    expect(devices.map(({ deviceId }) => ids.includes(deviceId))).toEqual([true, true, false]);
  });

  it('another web site gets nothing done in the browser of an operator, and reads nothing by another name', async () => {
    const pageCa = (JSON.parse(await readFile(running.site.cliFile, 'utf8')) as { caPem: string }).caPem;
    const { url } = running.site;
    const send = (method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const type = body === undefined ? {} : { 'content-type': 'application/json' };
        // Without a name of its own TLS would look for that of the forged Host header.
        const tls = { ca: pageCa, servername: 'localhost' };
        const sent = request(`${url}${path}`, { ...tls, method, headers: { ...type, ...headers }, timeout: 8000 });
        sent.once('timeout', () => sent.destroy(new TypeError('no reply within 8 s')));
        sent.once('error', reject);
        sent.once('response', (reply) => {
          let text = '';
          reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          reply.once('end', () => {
            const code = /"code":"(\w+)"/.exec(text)?.[1];
            const cookie = (reply.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
            resolve({ status: reply.statusCode ?? 0, code, cookie, text });
          });
        });
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      });
    const own = { origin: url, 'sec-fetch-site': 'same-origin' };
    const { code } = await running.client.newSignInCode();
    const { cookie, text } = await send('POST', '/api/v1/session', own, { code });
    const { csrfToken } = JSON.parse(text) as { csrfToken: string };
    const token = { 'x-usher-csrf': csrfToken };
    const claim = { name: 'forged', match: { serial: '10000000deadbeef' } };
    const forge = async (headers: Record<string, string>): Promise<unknown> =>
      (await send('POST', '/api/v1/claims', headers, claim)).code;
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(await forge({ cookie, ...token, ...evil })).toBe('ORIGIN_NOT_ALLOWED');
    expect(await forge({ cookie, ...own })).toBe('CSRF_TOKEN_INVALID');
    expect(await forge({ ...own, ...token })).toBe('SIGN_IN_NEEDED');
    const rebound = await send('GET', '/api/v1/devices', { cookie, ...own, host: 'evil.example' });
    expect(rebound.code).toBe('HOST_NOT_ALLOWED');
    expect((await running.client.claims()).map(({ name }) => name)).not.toContain('forged');
    expect((await send('GET', '/api/v1/devices', { cookie, ...own })).status).toBe(200);
  });
});

import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceInfo, REGISTRAR_NAME } from '../../../join/protocol/messages.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { clientCertificate } from '../../support/test-device.ts';

let site: EnrolSite;
beforeAll(async () => {
  site = await EnrolSite.start();
});
afterAll(() => site.close());

/** Protocol that a handshake limited to `maxVersion` ends with, or the error it fails with. */
function handshake(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  return new Promise((resolve) => {
    const target = { host: '127.0.0.1', port: site.server.port, ca: site.authority.caPem, servername: REGISTRAR_NAME };
    const socket = connect({ ...target, minVersion: 'TLSv1.2', maxVersion, timeout: 5000 }, () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('who calls is the key of the TLS connection', () => {
  it.each([
    ['no certificate', undefined],
    ['an RSA key', 'RSA'],
    ['another curve', 'P-384'],
  ] as const)('refuses %s', async (_name, kind) => {
    const device = site.device(kind === undefined ? undefined : await clientCertificate(kind));
    for (const path of ['info', 'status', 'artifacts', 'nowhere']) {
      const reply = await device.get(path);
      expect([reply.status, reply.json()]).toMatchObject([401, { error: { code: 'DEVICE_KEY_UNSUITABLE' } }]);
    }
    expect((await device.post('hello', device.hello({ type: 'none' }))).status).toBe(401);
  });

  it.each([
    ['ended in 1971', 1970, 1971],
    ['is not valid before 2099', 2099, 2120],
    ['has no end', 2020, 9999],
  ])('takes a certificate that %s', async (_name, from, to) => {
    const device = site.device(await clientCertificate('P-256', [from, to]));
    const info = await device.get('info');
    expect(info.status).toBe(200);
    expect(info.headers['cache-control']).toBe('no-store');
    expect(ApplianceInfo.parse(info.json())).toMatchObject({
      applianceId: site.authority.applianceId,
      caPem: site.authority.caPem,
      site: 'test',
    });
    expect((await device.post('hello', device.hello({ type: 'none' }))).status).toBe(202);
    expect(site.candidates.get(device.deviceId)?.keyFingerprint).toBe(device.keyFingerprint);
  });

  it('refuses a hello in the name of another key', async () => {
    const device = await site.newDevice();
    const other = await site.newDevice();
    const reply = await device.post('hello', other.hello({ type: 'none' }));
    expect([reply.status, reply.json()]).toMatchObject([403, { error: { code: 'DEVICE_ID_MISMATCH' } }]);
    expect(site.candidates.get(other.deviceId)).toBeUndefined();
  });

  it('speaks TLS 1.3 and nothing older', async () => {
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
    expect(await handshake('TLSv1.2')).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  });

  it('takes up no earlier session: without its key a caller is nobody', async () => {
    const { cert, key } = await clientCertificate();
    const target = { host: '127.0.0.1', port: site.server.port, ca: site.authority.caPem, servername: REGISTRAR_NAME };
    const ask = async (options: ConnectionOptions): Promise<{ reply: string; session?: Buffer; reused: boolean }> => {
      const socket = connect({ ...target, ...options, timeout: 5000 });
      const seen: { reply: string; session?: Buffer; reused: boolean } = { reply: '', reused: true };
      socket.once('secureConnect', () => (seen.reused = socket.isSessionReused()));
      socket.on('session', (session) => (seen.session = session));
      socket.on('data', (chunk: Buffer) => (seen.reply += chunk.toString()));
      socket.write('GET /enroll/v1/info HTTP/1.1\r\nHost: usher\r\nConnection: close\r\n\r\n');
      await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
      return seen;
    };
    const first = await ask({ cert, key });
    expect(first.reply).toMatch(/^HTTP\/1\.1 200 /);
    const again = await ask(first.session === undefined ? {} : { session: first.session });
    expect(again.reused).toBe(false);
    expect(again.reply).toMatch(/^HTTP\/1\.1 401 /);
  });
});

import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { REGISTRAR_NAME } from '../../../join/protocol/messages.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { clientCertificate, type ClientCertificate } from '../../support/test-device.ts';

let site: EnrolSite;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await site.close();
});

/** Resolves with the milliseconds until the other side ends the connection. */
async function endOf(socket: Socket): Promise<number> {
  sockets.push(socket);
  const startMs = performance.now();
  socket.on('error', () => socket.destroy());
  socket.resume();
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
  return performance.now() - startMs;
}

const tls = async (certificate?: ClientCertificate): Promise<Socket> => {
  const { cert, key } = certificate ?? (await clientCertificate());
  const target = { host: '127.0.0.1', port: site.server.port, ca: site.authority.caPem, servername: REGISTRAR_NAME };
  const socket = connectTls({ ...target, cert, key });
  sockets.push(socket);
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5000) });
  return socket;
};

const plain = async (localAddress: string): Promise<Socket> => {
  const socket = connectPlain({ host: '127.0.0.1', port: site.server.port, localAddress });
  sockets.push(socket);
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect', { signal: AbortSignal.timeout(5000) });
  return socket;
};

describe('slow and greedy clients', () => {
  it('are cut off while they dawdle in the handshake, the headers or the body', async () => {
    site = await EnrolSite.start({ headersMs: 200, requestMs: 400 });
    // Each is cut off while the next still makes its key: its end is listened for from the first.
    const ends = [endOf(connectPlain(site.server.port, '127.0.0.1'))];
    for (const part of [
      'GET /enroll/v1/info HTTP/1.1\r\nHost: x\r\nX-Drip: ',
      'POST /enroll/v1/hello HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
    ]) {
      const client = await tls();
      ends.push(endOf(client));
      client.write(part);
    }
    const lives = await Promise.all(ends);
    for (const ms of lives) expect(ms).toBeLessThan(1500);
    expect(site.server.counters().connections).toBe(0);
  });

  it.each(['Content-Length: 104857600', 'Transfer-Encoding: chunked'])(
    'are not read to the end when they announce a body as large as they like (%s)',
    async (length) => {
      site = await EnrolSite.start();
      const greedy = await tls();
      greedy.write(`POST /enroll/v1/hello HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${length}\r\n\r\n`);
      greedy.write(`8000\r\n${' '.repeat(0x8000)}\r\n`);
      expect(await endOf(greedy)).toBeLessThan(4000);
    },
  );

  it('do not hold a file open that they do not read', async () => {
    site = await EnrolSite.start({ stalledMs: 200 });
    const path = await site.file('k3s', new Uint8Array(32 << 20));
    const { sha256 } = await site.artifacts.register({ kind: 'k3s', path, arch: 'arm64' });
    const certificate = await clientCertificate();
    site.desk.set(site.device(certificate).deviceId, 'approved');
    const reader = await tls(certificate);
    reader.write(`GET /enroll/v1/artifacts/${sha256} HTTP/1.1\r\nHost: x\r\n\r\n`);
    reader.pause();
    await expect
      .poll(() => site.server.counters(), { timeout: 4000 })
      .toMatchObject({ artifactsBroken: 1, connections: 0 });
  });

  it('get so many connections per address, and others still get in', async () => {
    site = await EnrolSite.start({ openConnectionsPerIp: 2 });
    await tls();
    const second = await tls();
    expect(await endOf(connectPlain(site.server.port, '127.0.0.1'))).toBeLessThan(1000);
    const elsewhere = await site.newDevice('127.0.0.3');
    expect((await elsewhere.get('info')).status).toBe(200);
    expect(site.server.counters()).toMatchObject({ connections: 3, connectionsRefused: 1 });
    second.destroy();
    await expect.poll(() => site.server.counters().connections, { timeout: 2000 }).toBe(2);
    expect((await (await site.newDevice()).get('info')).status).toBe(200);
  });

  it('get so many new connections a minute', async () => {
    site = await EnrolSite.start({ connectionsPerIp: { uses: 1, perSec: 60 } });
    await tls();
    expect(await endOf(connectPlain(site.server.port, '127.0.0.1'))).toBeLessThan(1000);
    expect(site.server.counters().connectionsRefused).toBe(1);
  });

  it('who take every place make room one by one for those who come, and never shut out a device that was admitted', async () => {
    site = await EnrolSite.start({ openConnections: 3, connections: { uses: 8, perSec: 3600 } });
    const admitted = await site.newDevice('127.0.0.4');
    site.desk.set(admitted.deviceId, 'joined');
    expect((await admitted.get('status')).status).toBe(200);
    const first = await plain('127.0.0.6');
    const firstOver = endOf(first);
    await plain('127.0.0.6');
    const newcomer = await site.newDevice('127.0.0.5');
    expect((await newcomer.get('info')).status).toBe(200);
    expect(await firstOver).toBeLessThan(10_000);
    // The strangers use up what all of them may open; the admitted device's address does not count among them.
    for (let more = 0; more < 5; more += 1) await plain(`127.0.1.${String(1 + more)}`);
    await expect((await site.newDevice('127.0.0.7')).get('info')).rejects.toThrow();
    expect((await admitted.get('status')).status).toBe(200);
    expect((await (await site.newDevice('127.0.0.4')).get('info')).status).toBe(200);
  });

  it('who begin handshakes and end none keep no admitted device from its own', async () => {
    site = await EnrolSite.start({ handshakes: 2 });
    const certificate = await clientCertificate();
    const admitted = site.device(certificate, '127.0.0.4');
    site.desk.set(admitted.deviceId, 'joined');
    expect((await admitted.get('status')).status).toBe(200);
    await plain('127.0.0.6');
    await plain('127.0.0.7');
    await expect((await site.newDevice('127.0.0.8')).get('info')).rejects.toThrow();
    expect((await site.device(certificate, '127.0.0.4').get('status')).status).toBe(200);
  });

  it('who use up what all may open from one address keep nobody out who comes for the first time', async () => {
    site = await EnrolSite.start({ connections: { uses: 8, perSec: 3600 } });
    for (let more = 0; more < 10; more += 1) await plain('127.0.0.6');
    expect((await (await site.newDevice('127.0.0.7')).get('info')).status).toBe(200);
    expect(site.server.counters()).toMatchObject({ connections: 7, connectionsRefused: 4 });
  });

  it('who fill all handshakes from one address make room for the handshake of another', async () => {
    site = await EnrolSite.start({ handshakes: 3 });
    const [earliest, , latest] = [await plain('127.0.0.6'), await plain('127.0.0.6'), await plain('127.0.0.6')];
    const latestOver = endOf(latest);
    expect((await (await site.newDevice('127.0.0.7')).get('info')).status).toBe(200);
    expect(await latestOver).toBeLessThan(4000);
    expect(earliest.destroyed).toBe(false);
  });

  it('who hold many places make room before one who holds a single one', async () => {
    site = await EnrolSite.start({ openConnections: 3 });
    const honest = await site.newDevice('127.0.0.5');
    expect((await honest.get('info')).status).toBe(200);
    const greedy = [await plain('127.0.0.6'), await plain('127.0.0.6')];
    const firstOver = endOf(greedy[0] as Socket);
    expect((await (await site.newDevice('127.0.0.7')).get('info')).status).toBe(200);
    expect(await firstOver).toBeLessThan(4000);
    expect((await honest.get('info')).status).toBe(200);
    expect(site.server.counters().connectionsRefused).toBe(1);
  });
});

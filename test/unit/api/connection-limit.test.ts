import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addressKey } from '../../../api/server/client-address.ts';
import { connectionLimit } from '../../../api/server/connection-limit.ts';
import { ApiFixture } from '../../support/api-fixture.ts';

let api: ApiFixture;
const sockets: Socket[] = [];
beforeEach(async () => {
  api = await new ApiFixture().start();
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await api.stop();
});

async function openFrom(localAddress: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: api.server.port, localAddress });
  sockets.push(socket);
  await once(socket, 'connect', { signal: AbortSignal.timeout(5_000) });
}

it('keeps one machine from taking all connections', async () => {
  const headers = { connection: 'close' };
  const health = () =>
    api.call('/healthz', { headers }).then(
      ({ status }) => status,
      () => 'ended',
    );
  for (let i = 0; i < 255; i += 1) await openFrom(i % 2 === 0 ? '127.0.0.1' : '127.0.0.2');
  expect(await health()).toBe(200);
  await openFrom('127.0.0.3');
  await expect.poll(health, { timeout: 5_000 }).toBe('ended');
  sockets[0]?.destroy();
  await expect.poll(health, { timeout: 5_000 }).toBe(200);
});

it.each([
  ['127.0.0.1', 256, '127.0.0.1'],
  ['::ffff:127.0.0.9', 256, '127.0.0.9'],
  ['::1', 256, '0:0:0:0::/64'],
  ['10.0.0.5', 64, '10.0.0.5'],
  ['::ffff:10.0.0.5', 64, '10.0.0.5'],
  ['fd00:1::aa', 64, 'fd00:1:0:0::/64'],
  ['fe80::1%eth0', 64, 'fe80:0:0:0::/64'],
  [undefined, 64, ''],
])('%s may have %i open, counted as %s', (address, limit, key) => {
  expect([connectionLimit(address), addressKey(address)]).toEqual([limit, key]);
});

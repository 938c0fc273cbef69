import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bodyDeadline, takeTime } from '../../../api/server/body-deadline.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LIMIT_MS = 1000;
const clock = new ManualClock();
const server = createServer();
const sockets: Socket[] = [];
let arrived: Promise<unknown>;

beforeEach(async () => {
  const app = express();
  app.use(bodyDeadline(clock, LIMIT_MS));
  arrived = new Promise<void>((resolve) => {
    app.post('/long', (request, response) => {
      takeTime(response, 60_000);
      request.resume().once('end', () => response.end('done'));
      resolve();
    });
    app.post('/short', (request, response) => {
      request.resume().once('end', () => response.end('done'));
      resolve();
    });
  });
  server.removeAllListeners('request').on('request', app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Announces ten bytes of a body, and sends five. */
async function begin(path: string): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.setEncoding('utf8').write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabcde`);
  await arrived;
  return socket;
}

it('ends a connection whose body does not come', async () => {
  const socket = await begin('/short');
  const closed = once(socket, 'close');
  clock.advance(LIMIT_MS + 1);
  await closed;
});

it('lets a route take the time it needs', async () => {
  const socket = await begin('/long');
  clock.advance(LIMIT_MS * 60);
  const answered = once(socket, 'data');
  socket.write('fghij');
  expect(String(await answered)).toContain('200 OK');
});

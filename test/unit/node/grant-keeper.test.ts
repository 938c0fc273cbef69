import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GrantKeeper } from '../../../node/client/grant-keeper.ts';
import { monotonicClock } from '../../../node/grant-protocol/monotonic-clock.ts';

const LIMIT_MS = 5_000;
let folder: string;
let socketPath: string;
let server: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-grant-keeper-'));
  socketPath = join(folder, 'grant.sock');
  server = createServer();
  server.listen(socketPath);
  await once(server, 'listening');
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

interface StandIn {
  socket: Socket;
  /** The next thing that the process says but `ready`. */
  heard: () => Promise<unknown>;
}

/** What stands for a standby at the other end of the socket. */
async function nextStandby(): Promise<StandIn> {
  const [socket] = (await once(server, 'connection', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Socket];
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const heard = async (): Promise<unknown> => {
    for (;;) {
      const { value, done } = await lines.next();
      const said: unknown = done === true ? undefined : JSON.parse(value);
      if (JSON.stringify(said) !== '{"type":"ready"}') return said;
    }
  };
  return { socket, heard };
}

it('tells the next standby of a grant that is over until its safe state is reached', async () => {
  const safe = Promise.withResolvers<undefined>();
  const ending = Promise.withResolvers<undefined>();
  const handlers = {
    onGrant: () => undefined,
    onEnd: async () => {
      ending.resolve(undefined);
      await safe.promise;
    },
  };
  const first = nextStandby();
  const keeper = new GrantKeeper({ socketPath, podUid: 'pod', clock: monotonicClock, handlers });
  keeper.ready();
  const before = await first;
  expect(await before.heard()).toMatchObject({ type: 'hello', holding: [] });
  const grant = { type: 'grant', unit: 'left', epoch: 7, validUntilMs: monotonicClock.nowMs() + 60_000, stopMs: 1_000 };
  before.socket.write(`${JSON.stringify(grant)}\n`);
  before.socket.write(`${JSON.stringify({ type: 'revoke', unit: 'left', epoch: 7, reason: 'yield' })}\n`);
  await ending.promise;
  expect(keeper.roles()).toEqual([]);

  const second = nextStandby();
  before.socket.destroy();
  const after = await second;
  expect(await after.heard()).toMatchObject({ type: 'hello', holding: [{ unit: 'left', epoch: 7 }] });
  const stopped = after.heard();
  safe.resolve(undefined);
  expect(await stopped).toEqual({ type: 'stopped', unit: 'left', epoch: 7 });

  const third = nextStandby();
  after.socket.destroy();
  const last = await third;
  expect(await last.heard()).toMatchObject({ type: 'hello', holding: [] });
  await keeper.close();
});

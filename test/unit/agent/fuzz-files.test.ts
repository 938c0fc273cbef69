import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createServer } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readCard, scrubCard } from '../../../bootstrap-image/agent/adapters/card.ts';
import { EnrolClient } from '../../../bootstrap-image/agent/adapters/enrol-client.ts';
import { readState } from '../../../bootstrap-image/agent/adapters/state-file.ts';
import { consoleLine, consoleText, issueText } from '../../../bootstrap-image/agent/core/console-text.ts';
import { LocalState } from '../../../bootstrap-image/agent/core/local-state.ts';
import { problemOf, refused } from '../../../bootstrap-image/agent/core/refusal.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { loadOrCreateAuthority } from '../../../join/enrol/authority.ts';
import * as messages from '../../../join/protocol/messages.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { runs } from '../../support/full-run.ts';
import { ALL_HOSTILE_STRINGS, isTameOnTerminal } from '../../support/hostile-strings.ts';
import { MALFORMED_JSON, mistyped, sampleOf, type JsonSchema } from '../../support/json-schema-samples.ts';
import { Dice, fuzzSeed } from '../../support/seeded.ts';
import { DeviceFolder, TOKEN } from './device-folder.ts';

const LIMIT_MS = 240_000;
const ID = 'k4t7m2c0ffee00000000000000';
let device: DeviceFolder;
beforeEach(async () => {
  device = await DeviceFolder.make();
  for (const path of [device.paths.card, device.paths.state]) await mkdir(dirname(path), { recursive: true });
});
afterEach(() => device.remove());

/** The texts of a JSON document in all kinds of wrong, and with bits turned over. */
function wrongTexts(good: unknown, dice: Dice): string[] {
  const whole = Buffer.from(JSON.stringify(good));
  const flipped = Array.from({ length: runs(300, 5000) }, () => {
    const bytes = Buffer.from(whole).subarray(0, dice.oneIn(3) ? dice.below(whole.length) : whole.length);
    for (let times = 1 + dice.below(4); times > 0 && bytes.length > 0; times -= 1)
      bytes[dice.below(bytes.length)] = dice.byte();
    return bytes.toString('latin1');
  });
  return [...mistyped(good).map(({ text }) => text), ...MALFORMED_JSON, ...ALL_HOSTILE_STRINGS, ...flipped];
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    return isUsherError(error) ? error.code : `not ours: ${String(error)}`;
  }
}

describe('files that anybody may have written', () => {
  it('a card is read or refused, and always scrubbed', { timeout: LIMIT_MS }, async () => {
    const { caPem } = await loadOrCreateAuthority(new FakeKube());
    const good = {
      v: 1,
      issuedAt: '2026-01-01T00:00:00Z',
      urls: ['https://10.77.0.1:7443'],
      caPem,
      token: TOKEN,
      name: null,
    };
    const dice = new Dice(fuzzSeed('card'));
    for (const text of [JSON.stringify(good), ...wrongTexts(good, dice)]) {
      await writeFile(device.paths.card, text);
      expect(['ok', 'CARD_INVALID'], text).toContain(await outcomeOf(readCard(device.paths.card)));
    }
    await writeFile(device.paths.card, wrongTexts(good, dice).at(-1) ?? '');
    expect(await outcomeOf(scrubCard(device.paths.card))).toBe('ok');
    expect(await readCard(device.paths.card)).toBeUndefined();
  });

  it('a file without end is read to its limit only', async () => {
    await writeFile(device.paths.card, '');
    await truncate(device.paths.card, 3 * 1024 ** 3);
    expect(await outcomeOf(readCard(device.paths.card))).toBe('CARD_INVALID');
    expect(await outcomeOf(readCard('/dev/zero'))).toBe('CARD_INVALID');
  });

  it('a state file is read or started over', { timeout: LIMIT_MS }, async () => {
    const good = sampleOf(z.toJSONSchema(LocalState) as JsonSchema, () => undefined);
    for (const text of wrongTexts(good, new Dice(fuzzSeed('state')))) {
      await writeFile(device.paths.state, text);
      expect(await outcomeOf(readState(device.paths.state, silentLogger)), text).toBe('ok');
    }
  });
});

describe('what an appliance says', () => {
  it('is shown on the console as plain lines', () => {
    for (const text of ALL_HOSTILE_STRINGS) {
      const problem = problemOf(refused(403, { error: { code: text, message: text, remedy: text } }));
      const progress = { name: text, doneBytes: 1, totalBytes: 2 };
      const view = {
        deviceId: ID,
        step: 'poll',
        state: 'held',
        nodeName: text,
        applianceUrl: text,
        problem,
        progress,
      } as const;
      const shown = consoleText({ ...view, warnings: [problem] });
      expect(isTameOnTerminal(shown), JSON.stringify(shown)).toBe(true);
      // One line for each thing, whatever line ends are in it.
      expect(shown.trimEnd().split('\n')).toHaveLength(9);
      expect(isTameOnTerminal(consoleLine(view)) && !consoleLine(view).includes('\n')).toBe(true);
      // agetty must not find an escape of its own.
      expect(issueText(view).replaceAll('\\\\', '')).not.toContain('\\');
    }
  });
});

describe('a server that says anything', () => {
  let server: Server | TlsServer | undefined;
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server?.close();
    server = undefined;
  });

  async function ask(answer: string | Buffer, over: 'tls' | 'tcp'): Promise<string> {
    const authority = await loadOrCreateAuthority(new FakeKube());
    const { cert, key } = await authority.serverCredentials();
    const write = (socket: Socket): void => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.end(answer);
    };
    server =
      over === 'tcp'
        ? createServer(write)
        : createTlsServer(
            { cert: cert + authority.caPem, key: key.reveal(), requestCert: true, rejectUnauthorized: false },
            write,
          );
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const client = new EnrolClient({ origin, caPem: authority.caPem, identity: await device.identity() });
    try {
      return await outcomeOf(client.info());
    } finally {
      client.close();
    }
  }
  const reply = (body: string, headers = ''): string =>
    `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${String(Buffer.byteLength(body))}\r\nConnection: close\r\n\r\n${body}`;

  it.each<[string, string | Buffer, 'tls' | 'tcp', string]>([
    ['nothing', '', 'tls', 'NO_APPLIANCE_FOUND'],
    ['noise before TLS', Buffer.from('ff00ff1603010200', 'hex'), 'tcp', 'NO_APPLIANCE_FOUND'],
    ['HTTP before TLS', reply('{}'), 'tcp', 'NO_APPLIANCE_FOUND'],
    ['noise', Buffer.alloc(4096, 0xff), 'tls', 'NO_APPLIANCE_FOUND'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(9000)}`, 'tls', 'NO_APPLIANCE_FOUND'],
    ['two lengths', `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 'tls', 'NO_APPLIANCE_FOUND'],
    ['less than it promised', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{', 'tls', 'NO_APPLIANCE_FOUND'],
    ['more than anybody needs', reply('x'.repeat(1024 * 1024)), 'tls', 'APPLIANCE_REPLY_INVALID'],
    ['no JSON', reply('<html>'), 'tls', 'APPLIANCE_REPLY_INVALID'],
    ['nesting', reply('['.repeat(100_000)), 'tls', 'APPLIANCE_REPLY_INVALID'],
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n',
      'tls',
      'APPLIANCE_REPLY_INVALID',
    ],
    ['status 999', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', 'tls', 'APPLIANCE_REPLY_INVALID'],
    [
      'a switch of protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'tls',
      'NO_APPLIANCE_FOUND',
    ],
  ])('%s', async (_what, answer, over, code) => {
    expect(await ask(answer, over)).toBe(code);
  });

  it('every reply in every kind of wrong is taken or refused', () => {
    const dice = new Dice(fuzzSeed('replies'));
    for (const schema of [
      messages.ApplianceInfo,
      messages.EnrolStatus,
      messages.ArtifactList,
      messages.JoinTicket,
      messages.CheckInReply,
      messages.Refusal,
    ]) {
      const good = sampleOf(z.toJSONSchema(schema) as JsonSchema, () => undefined);
      for (const { text } of mistyped(good))
        expect(() => schema.safeParse(JSON.parse(text)), text.slice(0, 200)).not.toThrow();
      for (const { text } of mistyped({
        error: { code: 'X', message: 'x', remedy: 'x' },
        retryAfterSec: dice.below(9),
      })) {
        expect(isTameOnTerminal(refused(400, JSON.parse(text)).message)).toBe(true);
      }
    }
  });
});

import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { silentLogger, type Logger } from '../../../foundation/logger.ts';
import type { EnrolLimits } from '../../../join/enrol/limits.ts';
import * as messages from '../../../join/protocol/messages.ts';
import { SECRET } from '../../../k8s/core/resources.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { ALL_HOSTILE_STRINGS, firstUnprintable } from '../../support/hostile-strings.ts';
import { MALFORMED_JSON, mistyped, sampleOf, type JsonSchema } from '../../support/json-schema-samples.ts';
import { recordRoutes, type RecordedRoute } from '../../support/recorded-routes.ts';
import {
  clientCertificate,
  type ClientCertificate,
  type TestDevice,
  type TestReply,
} from '../../support/test-device.ts';

const LIMIT_MS = 240_000;
const PREFIX = '/enroll/v1/';
/** What each POST is given. A new route without an entry fails the test. */
const BODIES: Record<string, z.ZodType> = {
  hello: messages.DeviceHello,
  join: messages.JoinRequest,
  joined: z.object({ v: z.literal(1) }),
  error: messages.DeviceReport,
  checkin: messages.CheckIn,
  'claim/first': messages.ClaimFirst,
  'claim/final': messages.ClaimFinal,
};
const many = { uses: 1_000_000, perSec: 1 };
const LIMITS: Partial<EnrolLimits> = {
  ...{ helloPerKey: many, helloPerIp: many, requestsPerKey: many, joinsPerKey: many, reportsPerKey: many },
  ...{ claimProofsPerIp: many, claimProofs: many, refusedTokensPerIp: many, connectionsPerIp: many, connections: many },
};

let site: EnrolSite;
let routes: RecordedRoute[] = [];
let certificate: ClientCertificate;
let device: TestDevice;
const faults: object[] = [];
const logger: Logger = { ...silentLogger, error: (fields) => void faults.push(fields), child: () => logger };

beforeAll(async () => {
  ({ result: site, routes } = await recordRoutes(() => EnrolSite.start(LIMITS, undefined, logger)));
  certificate = await clientCertificate();
  device = site.device(certificate);
});
afterAll(() => site.close());

const served = (): { name: string; method: string }[] =>
  // The limits stand before the routes, on the same paths.
  [...new Map(routes.map((route) => [`${route.method} ${route.path}`, route])).values()].map(({ path, method }) => ({
    name: path.slice(PREFIX.length),
    method: method.toUpperCase(),
  }));

function goodBody(name: string): unknown {
  const schema = BODIES[name];
  if (schema === undefined) return undefined;
  const good = sampleOf(z.toJSONSchema(schema) as JsonSchema, () => undefined) as Record<string, unknown>;
  if (name !== 'hello') return good;
  // Such as the schema's patterns want them: the rest is then looked at as well.
  return {
    ...good,
    id: device.deviceId,
    hw: { ...(good['hw'] as object), macs: ['dc:a6:32:01:02:03'] },
    evidence: { type: 'none' },
  };
}

function problemOf(reply: TestReply): string | undefined {
  const text = reply.body.toString();
  if (reply.status < 400) return undefined;
  if (reply.status >= 500) return `status ${String(reply.status)}: ${text}`;
  const parsed = messages.Refusal.strict().safeParse(JSON.parse(text));
  if (!parsed.success) return `status ${String(reply.status)} without a refusal: ${text.slice(0, 200)}`;
  if (!Object.hasOwn(CATALOGUE, parsed.data.error.code)) return `unknown code ${parsed.data.error.code}`;
  if (/node_modules|\.ts\b|\bat \w+ \(|file:\/\//.test(text) || text.includes(process.cwd()))
    return `it tells of the inside: ${text}`;
  if (text.length > 2000) return `a refusal of ${String(text.length)} characters`;
  return firstUnprintable(parsed.data);
}

function check(reply: TestReply, what: string): TestReply {
  const problem = problemOf(reply);
  if (problem !== undefined) expect.fail(`${what.slice(0, 400)}: ${problem}`);
  return reply;
}

/** A request as it is written, on a connection of its own. */
async function raw(text: string, given: ClientCertificate = certificate): Promise<{ status: number; text: string }[]> {
  const target = {
    host: '127.0.0.1',
    port: site.server.port,
    ca: site.authority.caPem,
    servername: messages.REGISTRAR_NAME,
  };
  const socket = connect({ ...target, cert: given.cert, key: given.key });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // The server may close while we still write.
  socket.on('error', () => socket.destroy());
  socket.write(text, 'latin1');
  await once(socket, 'close', { signal: AbortSignal.timeout(8000) });
  return [
    ...Buffer.concat(chunks)
      .toString()
      .matchAll(/HTTP\/1\.1 (\d+)[^]*?\r\n\r\n([^]*?)(?=HTTP\/1\.1|$)/g),
  ].map(([, status, body = '']) => ({ status: Number(status), text: body }));
}

const stateOf = async (): Promise<string> =>
  JSON.stringify([await site.kube.list(SECRET), site.kube.writes(), site.desk.admissions]);

it('every route of the device API is known here', () => {
  const posts = served().filter(({ method }) => method === 'POST');
  expect(posts.map(({ name }) => name).sort()).toEqual(Object.keys(BODIES).sort());
  expect(
    served()
      .filter(({ method }) => method === 'GET')
      .map(({ name }) => name),
  ).toContain('artifacts/{sha256}');
});

describe('bodies', () => {
  it.each(Object.keys(BODIES))('of POST %s', { timeout: LIMIT_MS }, async (name) => {
    const good = goodBody(name);
    const before = await stateOf();
    for (const { what, text } of mistyped(good)) check(await device.post(name, text), `${name} ${what}`);
    for (const text of MALFORMED_JSON) check(await device.post(name, text), `${name} ${text}`);
    for (const text of ALL_HOSTILE_STRINGS)
      check(await device.post(name, JSON.stringify(good).replaceAll('"x"', JSON.stringify(text))), `${name} ${text}`);
    const large = check(await device.post(name, `{"x":"${'x'.repeat(20_000)}"}`), 'oversized');
    expect([400, 413]).toContain(large.status);
    // Nothing that a device without evidence says costs the API server a write.
    expect(await stateOf()).toBe(before);
  });

  it('of other types and encodings', async () => {
    const whole = JSON.stringify(goodBody('hello'));
    const headers = [
      'Content-Type: text/plain',
      'Content-Type: application/json; charset=utf-5',
      'Content-Type: application/json\r\nContent-Encoding: gzip',
      'Content-Type: ',
      'X: y',
    ];
    for (const header of headers) {
      const [reply] = await raw(
        `POST ${PREFIX}hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\nContent-Length: ${String(whole.length)}\r\n\r\n${whole}`,
      );
      expect([header, reply?.status]).toEqual([header, 400]);
      expect(messages.Refusal.safeParse(JSON.parse(reply?.text ?? '')).success).toBe(true);
    }
  });
});

describe('paths and methods', () => {
  const values = [
    'unknown',
    '%2e%2e',
    '%2e',
    '..%2f..%2fetc%2fpasswd',
    '%2fetc%2fpasswd',
    '%00',
    '%ff',
    '%',
    '%ED%A0%80',
    '%e2%80%ae',
    '%0d%0aX:1',
    'x'.repeat(2000),
    '__proto__',
  ];
  const queries = [
    'wait=-1',
    'wait=1e9',
    'wait=NaN',
    'wait=1&wait=2',
    'wait[]=1',
    'version=x',
    'version=-1',
    'version=1e308',
    '__proto__=1',
    'wait=%ff',
    'arch=',
    `arch=${'x'.repeat(4000)}`,
    'arch=../../x',
    'arch=arm64&arch=amd64',
    'arch=__proto__',
    '%',
    '&&&==',
  ];

  it('that are strange are refused', { timeout: LIMIT_MS }, async () => {
    for (const { name, method } of served()) {
      for (const value of values) {
        const path = name.includes('{') ? name.replace(/\{\w+\}/, () => value) : `${name}/${value}`;
        const reply = method === 'GET' ? await device.get(path) : await device.post(path, {});
        expect(check(reply, `${method} ${path}`).status).toBeGreaterThanOrEqual(400);
      }
    }
    for (const query of queries) {
      for (const name of ['status', 'artifacts', 'info'])
        check(await device.get(`${name}?${query}`), `${name}?${query}`);
    }
  });

  it('that do not exist are refused', async () => {
    for (const { name } of served()) {
      for (const method of ['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
        const [reply] = await raw(
          `${method} ${PREFIX}${name.replace(/\{\w+\}/, 'x')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        expect([method, name, reply?.status]).toEqual([method, name, 404]);
      }
    }
  });

  it('are closed to a caller without a key, and to one whose key is of another kind', async () => {
    const before = await stateOf();
    for (const given of ['none', await clientCertificate('P-384'), await clientCertificate('RSA')] as const) {
      const stranger = site.device(given === 'none' ? undefined : given);
      for (const { name, method } of served()) {
        const reply = check(
          method === 'GET' ? await stranger.get(name) : await stranger.post(name, goodBody(name)),
          name,
        );
        expect([name, (reply.json()['error'] as { code: string }).code]).toEqual([name, 'DEVICE_KEY_UNSUITABLE']);
      }
    }
    expect(await stateOf()).toBe(before);
  });
});

describe('requests that two readers would cut differently', () => {
  const post = (headers: string, body: string): string =>
    `POST ${PREFIX}hello HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n${headers}\r\n\r\n${body}`;
  const second = `GET ${PREFIX}info HTTP/1.1\r\nHost: x\r\n\r\n`;

  it.each([
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 40', `{}${second}`)],
    ['a length and chunks', post('Content-Length: 2\r\nTransfer-Encoding: chunked', `0\r\n\r\n${second}`)],
    ['chunks hidden', post('Transfer-Encoding: xchunked', `0\r\n\r\n${second}`)],
    ['chunks twice', post('Transfer-Encoding: chunked, chunked', `0\r\n\r\n${second}`)],
    ['a negative length', post('Content-Length: -1', second)],
    ['a chunk without end', post('Transfer-Encoding: chunked', `ffffffffffffffff\r\n${'x'.repeat(40_000)}`)],
    ['no host', `GET ${PREFIX}info HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
    ['headers without end', `GET ${PREFIX}info HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(5000)}`],
    ['no bytes of sense', '\u0000\u0001\u0002\r\n\r\n'],
  ])('%s', async (_what, text) => {
    const replies = await raw(text);
    expect(replies.length).toBeLessThanOrEqual(1);
    for (const { status } of replies) expect([400, 404, 413, 431]).toContain(status);
  });
});

it('keeps nothing of what devices say that is not printable', async () => {
  const known = site.device(await clientCertificate());
  site.desk.set(known.deviceId, 'approved');
  for (const text of ALL_HOSTILE_STRINGS) {
    const named = {
      model: text.slice(0, 128),
      serial: text.slice(0, 32),
      hostname: text.slice(0, 63),
      devices: [text.slice(0, 64)],
    };
    check(await known.post('hello', known.hello({ type: 'none' }, named)), text);
    check(await known.post('error', { v: 1, code: text.slice(0, 64), detail: text.slice(0, 512) }), text);
  }
  expect(site.desk.reports.length).toBe(ALL_HOSTILE_STRINGS.length);
  expect(firstUnprintable(site.desk.reports)).toBeUndefined();
  expect(firstUnprintable(site.candidates.list().map(({ hello }) => hello))).toBeUndefined();
});

it('lives on after all this, and had no fault of its own', async () => {
  expect((await device.get('info')).status).toBe(200);
  expect(faults).toEqual([]);
  expect(site.candidates.list().length).toBeLessThanOrEqual(2);
});

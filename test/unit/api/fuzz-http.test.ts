import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorReply } from '../../../api/core/schemas.ts';
import { RoleTable } from '../../../api/core/people/role-table.ts';
import { openApiDocument } from '../../../api/server/openapi.ts';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { DEVICE } from '../../../k8s/core/resources.ts';
import { ApiFixture, codeOf, DEVICE_ID, MAC, type Call, type Reply } from '../../support/api-fixture.ts';
import { ALL_HOSTILE_STRINGS, firstUnprintable } from '../../support/hostile-strings.ts';
import { MALFORMED_JSON, mistyped, sampleOf, type JsonSchema } from '../../support/json-schema-samples.ts';

interface Operation {
  security?: unknown[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  parameters?: unknown[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** A stream has no end to wait for. */
const STREAMS = ['/api/v1/events'];
const LIMIT_MS = 240_000;
const document = openApiDocument() as unknown as Document;
/** `/claims/export` is also the path of a claim of that name. */
const table = new RoleTable(document);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [{ path, method, operation, name: `${method.toUpperCase()} ${path}` }];
  }),
);
const schemaOf = (ref: string): JsonSchema | undefined => document.components.schemas[ref.replace(/^.*\//, '')];
const bodies = operations.flatMap((one) => {
  const schema = one.operation.requestBody?.content['application/json']?.schema;
  return schema === undefined ? [] : [{ ...one, good: sampleOf(schema, schemaOf) }];
});
/** Values of a path parameter: known, unknown, and such that want to be something else. */
const PARAMETERS = [
  ...[
    DEVICE_ID,
    'k4t7m2',
    'unknown',
    `mac:${MAC}`,
    '%2e%2e',
    '%2e',
    '..%2f..%2fsecrets',
    '%2Fetc%2Fpasswd',
    '%00',
    '%ff',
    '%',
    '%zz',
  ],
  ...[
    '%ED%A0%80',
    '%e2%80%ae',
    '%0d%0aX-Forged:1',
    '*',
    ':id',
    '{id}',
    '__proto__',
    'constructor',
    'x'.repeat(2000),
    ';a=b',
    '%20',
  ],
  ...ALL_HOSTILE_STRINGS.filter((text) => text.isWellFormed()).map((text) => encodeURIComponent(text.slice(0, 300))),
];

const api = new ApiFixture();
let browser: Record<string, string> = {};

beforeAll(async () => {
  await api.start();
  browser = await api.signIn();
  await api.putDevice();
});
afterAll(() => api.stop());

function fill(path: string, value: string): string {
  return path.replaceAll(/\{\w+\}/g, () => value);
}

/** Whether a reply is one that a stranger may get: what was asked, or a refusal in the agreed form that tells nothing. */
function problemOf(reply: Reply): string | undefined {
  if (reply.status < 400) return reply.status < 200 ? `status ${String(reply.status)}` : undefined;
  const parsed = ErrorReply.strict().safeParse(reply.body);
  if (!parsed.success) return `status ${String(reply.status)} without an error body: ${reply.text.slice(0, 200)}`;
  const { code, message, remedy } = parsed.data.error;
  if (!Object.hasOwn(CATALOGUE, code)) return `unknown code ${code}`;
  // A device that was asked to blink and does not answer is no fault of the appliance.
  if (reply.status >= 500 && code !== 'IDENTIFY_UNHEARD') return `status ${String(reply.status)} ${code}`;
  if (/node_modules|\.ts\b|\bat \w+ \(|file:\/\//.test(reply.text) || reply.text.includes(process.cwd()))
    return `it tells of the inside: ${reply.text}`;
  if (message.length > 1000 || remedy.length > 1000) return `a message of ${String(message.length)} characters`;
  return firstUnprintable({ message: message.replaceAll('\n', ''), remedy: remedy.replaceAll('\n', '') });
}

async function expectTame(path: string, call: Call, what = ''): Promise<Reply> {
  const reply = await api.call(path, call);
  const problem = problemOf(reply);
  if (problem !== undefined) {
    expect.fail(`${call.method ?? 'GET'} ${path.slice(0, 200)} ${what} ${(call.raw ?? '').slice(0, 300)}: ${problem}`);
  }
  return reply;
}

/** All that the API server holds, so that a change of any kind shows; but for the head of the log of who was refused. */
async function stateOf(): Promise<string> {
  const writes = api.kube.writes().filter(({ name }) => name !== 'audit-head');
  return JSON.stringify([await api.kube.list(DEVICE), writes, await api.tokens.list()]);
}

describe('without leave', () => {
  const closed = operations.filter(({ operation }) => operation.security?.length !== 0);

  it.each(closed)('$name changes nothing and tells nothing', async ({ path, method }) => {
    const good = bodies.find((one) => one.path === path && one.method === method)?.good ?? {};
    const withoutCsrf = Object.fromEntries(Object.entries(browser).filter(([name]) => name !== 'x-usher-csrf'));
    const strangers: [string, Record<string, string>][] = [
      ['nobody', {}],
      ['a wrong token', { authorization: 'Bearer wrong' }],
      ['a token of another scheme', { authorization: `Basic ${api.file.token}` }],
      ['an ended session', { cookie: '__Host-usher=0000000000000000000000000000000000000000000' }],
      ['two cookies', { cookie: '__Host-usher=a; __Host-usher=b' }],
    ];
    const changers: [string, Record<string, string>][] = [
      ['no CSRF token', withoutCsrf],
      ['another CSRF token', { ...browser, 'x-usher-csrf': 'x'.repeat(43) }],
      ['another origin', { ...browser, origin: 'https://evil.example' }],
      ['another site', { ...browser, 'sec-fetch-site': 'cross-site' }],
    ];
    const before = await stateOf();
    for (const [who, headers] of [...strangers, ...(method === 'get' ? [] : changers)]) {
      const reply = await expectTame(fill(path, DEVICE_ID), { method: method.toUpperCase(), headers, body: good }, who);
      expect([401, 403], `${who}: ${reply.text}`).toContain(reply.status);
    }
    const foreignHost = await expectTame(fill(path, 'x'), {
      method: method.toUpperCase(),
      headers: { ...api.bearer, host: 'evil.example' },
    });
    expect(codeOf(foreignHost)).toBe('HOST_NOT_ALLOWED');
    expect(await stateOf()).toBe(before);
  });
});

describe('with leave, but wrong', () => {
  it.each(bodies)('$name: bodies', { timeout: LIMIT_MS }, async ({ path, method, good }) => {
    const send = (raw: string, what: string, headers: Record<string, string> = {}) =>
      expectTame(
        fill(path, DEVICE_ID),
        { method: method.toUpperCase(), headers: { ...api.bearer, ...headers }, raw },
        what,
      );
    for (const { what, text } of mistyped(good)) await send(text, what);
    for (const text of MALFORMED_JSON) expect((await send(text, 'malformed')).status).toBeGreaterThanOrEqual(400);
    for (const text of ALL_HOSTILE_STRINGS)
      await send(JSON.stringify(good).replaceAll('"x"', JSON.stringify(text)), 'hostile');
    const whole = JSON.stringify(good);
    for (const type of [
      'text/plain',
      'application/xml',
      'application/json; charset=utf-7',
      'application/json; charset=utf-16',
      'multipart/form-data',
      'a/b/c',
      '',
    ]) {
      await send(whole, type, { 'content-type': type });
    }
    for (const encoding of ['gzip', 'br', 'deflate', 'x', 'gzip, gzip'])
      await send(whole, encoding, { 'content-encoding': encoding });
    // Requests with a whole file in them may be larger.
    const bytes = /claims\/(preview|import)$/.test(path) ? 4_300_000 : 70_000;
    expect(codeOf(await send(`{"x":"${'x'.repeat(bytes)}"}`, 'oversized'))).toBe('REQUEST_TOO_LARGE');
  });

  it.each([...new Set(operations.map(({ path }) => path))])('%s: methods', async (path) => {
    for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'HEAD']) {
      if (method === 'GET' && STREAMS.includes(path)) continue;
      // A HEAD of the stream never ends either.
      if (method === 'HEAD') continue;
      const reply = await expectTame(fill(path, 'unknown'), { method, headers: api.bearer });
      const known = table.find(method, fill(path, 'unknown')) !== undefined;
      if (!known) expect([method, reply.status, codeOf(reply)]).toEqual([method, 404, 'ROUTE_UNKNOWN']);
    }
  });

  it.each(operations.filter(({ path }) => path.includes('{')))(
    '$name: parameters',
    { timeout: LIMIT_MS },
    async ({ path, method }) => {
      const body = bodies.find((one) => one.path === path && one.method === method)?.good;
      for (const value of PARAMETERS) {
        await expectTame(fill(path, value), {
          method: method.toUpperCase(),
          headers: api.bearer,
          ...(body === undefined ? {} : { body }),
        });
      }
    },
  );

  it.each([
    '/api/v1/devices?a=1&a=2&__proto__[x]=1&a[b][c]=d',
    `/api/v1/${'x'.repeat(6000)}`,
    '/%ff',
    '/%00',
    '/..%2f..%2f..%2fetc%2fpasswd',
    '/assets/..%2f..%2fcli.json',
    '//evil.example/%2e%2e',
    '/api/v1/..%2f..%2fmetrics',
    '/assets/%e0%a4%a',
    '/assets/../../cli.json',
  ])('GET %s', async (path) => {
    const reply = await expectTame(path, { headers: api.bearer });
    expect(reply.text).not.toContain(api.file.token);
    expect(reply.text).not.toContain('root:');
  });
});

describe('requests that two readers would cut differently', () => {
  const post = (headers: string, body: string): string =>
    `POST /api/v1/claims HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n${headers}\r\n\r\n${body}`;
  const second = 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

  it.each([
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 40', `{}${second}`)],
    ['a length and chunks', post('Content-Length: 2\r\nTransfer-Encoding: chunked', `0\r\n\r\n${second}`)],
    ['chunks spelt oddly', post('Transfer-Encoding : chunked', `0\r\n\r\n${second}`)],
    ['chunks twice', post('Transfer-Encoding: chunked, chunked', `0\r\n\r\n${second}`)],
    ['chunks hidden', post('Transfer-Encoding: xchunked', `0\r\n\r\n${second}`)],
    ['a negative length', post('Content-Length: -1', second)],
    ['a length with a sign', post('Content-Length: +2', `{}${second}`)],
    ['a bare line feed', post('Content-Length: 2', '{}').replaceAll('\r\n', '\n')],
    ['a folded header', post('X: a\r\n b\r\nContent-Length: 2', '{}')],
    ['two hosts', 'GET /api/v1/site HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
    ['no host', 'GET /api/v1/site HTTP/1.1\r\nConnection: close\r\n\r\n'],
    [
      'an absolute target',
      'GET https://evil.example/api/v1/site HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    ],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
    [
      'an upgrade',
      'GET /api/v1/site HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
    ],
    ['HTTP/0.9', 'GET /api/v1/site\r\n\r\n'],
    ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${'X: y\r\n'.repeat(5000)}`],
    ['no bytes of sense', '\u0000\u0001\u0002\r\n\r\n'],
  ])('%s', async (_what, text) => {
    const before = await stateOf();
    const socket = connect({ host: '127.0.0.1', port: api.server.port, ca: api.file.caPem, servername: 'localhost' });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // The server may close while we still write.
    socket.on('error', () => socket.destroy());
    socket.write(text, 'latin1');
    await once(socket, 'close', { signal: AbortSignal.timeout(8000) });
    const statuses = [
      ...Buffer.concat(chunks)
        .toString()
        .matchAll(/^HTTP\/1\.1 (\d+)/gm),
    ].map(([, status]) => Number(status));
    for (const status of statuses) expect([400, 401, 404, 421, 431]).toContain(status);
    // What is smuggled behind a request must not be answered as one.
    expect(statuses.length).toBeLessThanOrEqual(1);
    expect(await stateOf()).toBe(before);
  });
});

it('lives on after all this', async () => {
  expect((await api.call('/healthz')).status).toBe(200);
  expect((await api.call('/api/v1/devices', { headers: browser })).status).toBe(200);
});

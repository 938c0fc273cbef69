import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RoleTable } from '../../../api/core/people/role-table.ts';
import { openApiDocument } from '../../../api/server/openapi.ts';
import { ApiFixture, DEVICE_ID, type Reply } from '../../support/api-fixture.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { sampleOf, type JsonSchema } from '../../support/json-schema-samples.ts';
import { clientCertificate } from '../../support/test-device.ts';

// What keeps other web sites away from the page, on every operation of the document.

interface Described {
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

const document = openApiDocument();
const rules = new RoleTable(document).rules();
const schemas = (document.components?.schemas ?? {}) as Record<string, JsonSchema>;
/** A stream has no end to wait for. */
const STREAM = '/api/v1/events';
/** Such as an HTML form of another site can send without being asked by a preflight (Fetch standard, section 2.2.2). */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain'];

const api = new ApiFixture();
let browser: Record<string, string> = {};
beforeAll(async () => {
  await api.start();
  browser = await api.signIn();
  await api.putDevice();
});
afterAll(() => api.stop());

const pathOf = (path: string): string => path.replaceAll(/\{\w+\}/g, DEVICE_ID);
const bodyOf = (path: string, method: string): unknown => {
  const operation = (document.paths?.[path] as Record<string, Described> | undefined)?.[method.toLowerCase()];
  const schema = operation?.requestBody?.content['application/json']?.schema;
  return schema === undefined ? undefined : sampleOf(schema, (ref) => schemas[ref.replace(/^.*\//, '')]);
};
const stateOf = async (): Promise<string> => {
  const writes = api.kube.writes().filter(({ name }) => name !== 'audit-head');
  return JSON.stringify([writes, await api.tokens.list(), api.server.eventStreams()]);
};

describe('a request that only reads', () => {
  it.each(rules.filter(({ method, path }) => method === 'GET' && path !== STREAM))(
    'changes nothing: $path',
    async ({ path }) => {
      const before = await stateOf();
      for (const headers of [api.bearer, browser]) {
        await api.call(pathOf(path), { headers });
        await api.call(pathOf(path), { headers, method: 'HEAD' });
      }
      expect(await stateOf()).toBe(before);
    },
  );
});

describe('a form of another site', () => {
  it.each(rules.filter(({ method, reads }) => method !== 'GET' && !reads))(
    'gets nothing done by $method $path, though the browser sends its cookie',
    async ({ method, path }) => {
      const before = await stateOf();
      const raw = JSON.stringify(bodyOf(path, method) ?? {});
      const cookie = browser['cookie'] ?? '';
      for (const type of FORM_TYPES) {
        const from = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
        const reply = await api.call(pathOf(path), { method, raw, headers: { cookie, 'content-type': type, ...from } });
        expect([400, 401, 403], reply.text).toContain(reply.status);
      }
      expect(await stateOf()).toBe(before);
    },
  );
});

describe('another origin', () => {
  it.each(rules.filter(({ path }) => path !== STREAM))('is told nothing of $method $path (CORS)', async (rule) => {
    const headers = { ...browser, origin: 'https://evil.example', 'access-control-request-method': rule.method };
    for (const method of ['OPTIONS', ...(rule.method === 'GET' ? ['GET'] : [])]) {
      const reply = await api.call(pathOf(rule.path), { method, headers });
      expect(Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

/** One of each kind of reply: page, file of it, API, refusal, sheet, download, certificate, health, nothing. */
const REPLIES: [string, () => Promise<Reply>][] = [
  ...['/', '/assets/main-1234.js', '/device/x', '/trust', '/trust/ca.pem', '/healthz', '/nothing.js'].map(
    (path): [string, () => Promise<Reply>] => [path, () => api.call(path)],
  ),
  ['a reply of the API', () => api.call('/api/v1/devices', { headers: browser })],
  ['a refusal', () => api.call('/api/v1/devices')],
  ['a refused host', () => api.call('/', { headers: { host: 'evil.example' } })],
  ['a file of claims', () => api.call('/api/v1/claims/export', { headers: browser })],
  ['the audit log', () => api.call('/api/v1/audit/export', { headers: browser })],
  ['a malformed path', () => api.call('/%ff', { headers: browser })],
];

it.each(REPLIES)('%s cannot be framed, sniffed for another type, or read by another site', async (_what, get) => {
  const { headers } = await get();
  expect(headers['x-frame-options']).toBe('DENY');
  const policy = String(headers['content-security-policy']);
  for (const part of ["frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"])
    expect(policy).toContain(part);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
});

describe('the port of the page', () => {
  it('answers nobody without TLS', async () => {
    const socket = connectPlain(api.server.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.write(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${browser['cookie'] ?? ''}\r\n\r\n`);
    await once(socket, 'close', { signal: AbortSignal.timeout(12_000) });
    expect(Buffer.concat(chunks).toString('latin1')).not.toContain('HTTP/1.1 200');
  });

  it('asks no browser for a client certificate, and that of the devices asks for one', async () => {
    const site = await EnrolSite.start();
    const pi = await clientCertificate();
    const asks = async (port: number, ca: string, servername: string): Promise<boolean> => {
      const socket = connect({ host: '127.0.0.1', port, ca, servername, cert: pi.cert, key: pi.key });
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5000) });
      // What the server wants a client's signature to be made with: only in its request for a certificate.
      const asked = socket.getSharedSigalgs().length > 0;
      socket.destroy();
      return asked;
    };
    try {
      expect(await asks(api.server.port, api.file.caPem, 'localhost')).toBe(false);
      expect(await asks(site.server.port, site.authority.caPem, 'registrar.usher.internal')).toBe(true);
    } finally {
      await site.close();
    }
  });
});

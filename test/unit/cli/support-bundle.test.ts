import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../cli/main.ts';
import { anonymise, redact } from '../../../cli/support/redact.ts';
import { tarOf } from '../../../cli/support/tar.ts';
import { ApiFixture, MAC } from '../../support/api-fixture.ts';

describe('redaction', () => {
  const HASH = 'a1'.repeat(32);
  it.each([
    ['an enrol token', 'card ush1.0123456789.abcdefghjkmnpqrstvwxyz0123 refused', 'card *** refused'],
    ['a k3s token', `--token K10${HASH}::server:deadbeef --x`, '--token *** --x'],
    ['a join token', `token: K10${HASH}::abcdef.0123456789abcdef`, 'token: ***'],
    ['a bootstrap token', 'got abcdef.0123456789abcdef from pi', 'got *** from pi'],
    ['a JSON field', '{"nodePassword":"0123","nodeName":"pi"}', '{"nodePassword":"***","nodeName":"pi"}'],
    ['an escaped JSON field', '{"token":"a\\"b,c"}', '{"token":"***"}'],
    [
      'a field of JSON within JSON',
      '{"detail":"{\\"password\\":\\"a\\\\\\"b,c\\",\\"nodeName\\":\\"pi\\"}"}',
      '{"detail":"{\\"password\\":\\"***\\",\\"nodeName\\":\\"pi\\"}"}',
    ],
    ['an option', 'k3s agent --token topmost --server https://x', 'k3s agent --token *** --server https://x'],
    ['an option in a list', '"[\\"agent\\",\\"--token\\",\\"topmost\\"]"', '"[\\"agent\\",\\"--token\\",\\"***\\"]"'],
    ['a key in base64', 'x LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0t= y', 'x *** y'],
    ['a header', 'authorization: Bearer abcdefghijkl', 'authorization: *** ***'],
    ['a cookie', 'cookie=__Host-usher', 'cookie=***'],
    ['a URL', 'https://me:pa55word@host/', 'https://***@host/'],
    ['a JWT', 'x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.abc_-1', 'x ***'],
    ['a key', 'a\n-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nb', 'a\n***\nb'],
    ['a known value in a form of its own', 'zzz-topsecret-zzz', 'zzz-***-zzz'],
  ])('hides %s', (_what, text, expected) => {
    expect(redact(text, ['topsecret'])).toBe(expected);
  });

  it.each([
    '{"tokenId":"0123456789","kind":"CardToken","tokens":2}',
    'token-file: /var/lib/usher/k3s/server-token',
    '{"secret": {"name":"x"}, "password": null}',
    '{"detail":"{\\"token\\":null,\\"tokenId\\":\\"0123456789\\"}"}',
    'k3s server --token-file /var/lib/usher/k3s/server-token',
    '2026-01-01T00:00:00Z node lathe-left at 192.168.8.10 is Ready',
  ])('leaves %s alone', (text) => {
    expect(redact(text, [])).toBe(text);
  });
});

describe('pseudonyms', () => {
  const names = { serials: ['10000000abcdef01'], hosts: ['pi', 'pi-2', 'lathe-left'] };
  const clean = (text: string): string => anonymise(text, names, (value) => `<${value.length}>`);

  it('stand for the same thing everywhere', () => {
    expect(clean('serial 10000000ABCDEF01 of pi-2 and pi')).toBe('serial serial-<16> of host-<4> and host-<2>');
    expect(clean('b8:27:eb:00:00:01 has 10.0.0.5 and fe80::ba27:ebff:fe00:1')).toBe('mac-<17> has ip-<8> and ip-<22>');
    expect(clean('https://10.0.0.5:7443')).toBe('https://ip-<8>:7443');
  });

  it.each(['127.0.0.1', '2026-01-01T00:00:00Z 12:34:56', 'ping api.pip spinning', 'v1.36.3+k3s1'])(
    'leave %s alone',
    (text) => {
      expect(clean(text)).toBe(text);
    },
  );
});

describe('the archive', () => {
  it('is read by tar', () => {
    const folder = mkdtempSync(join(tmpdir(), 'usher-tar-'));
    try {
      const files = [0, 1, 511, 512, 513].map((bytes) => ({
        name: `a/${bytes}.txt`,
        content: Buffer.alloc(bytes, 'x'),
      }));
      writeFileSync(join(folder, 'a.tar'), tarOf(files, Date.parse('2026-01-01T00:00:00Z')));
      execFileSync('tar', ['-xf', 'a.tar'], { cwd: folder });
      expect(
        readdirSync(join(folder, 'a'))
          .map((name) => statSync(join(folder, 'a', name)).size)
          .sort(),
      ).toEqual([0, 1, 511, 512, 513].sort());
      expect(execFileSync('tar', ['-tvf', 'a.tar', '--utc'], { cwd: folder }).toString()).toMatch(
        /^-rw------- root\/root +0 2026-01-01/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('usher support-bundle', () => {
  let api: ApiFixture;
  let printed: { out: string; err: string };
  beforeEach(async () => {
    api = await new ApiFixture().start({
      registry: { metrics: () => Promise.resolve('usher_up 1\n'), contentType: 'text/plain' },
    });
    api.sightings.see(MAC, { hostname: 'raspberrypi' });
    printed = { out: '', err: '' };
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => (printed.out += String(text)) !== '');
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => (printed.err += String(text)) !== '');
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    process.exitCode = 0;
    await api.stop();
  });
  const bundle = async (...args: string[]): Promise<string> => {
    const file = join(api.stateDir, 'bundle.tar.gz');
    await main(['support-bundle', file, '--token-file', api.cliFile, '--state-dir', api.stateDir, ...args]);
    return gunzipSync(readFileSync(file)).toString('latin1');
  };

  it('says what is in it, and holds neither the API token nor what a log gave away', async () => {
    writeFileSync(join(api.stateDir, 'usher.log'), `{"msg":"leak","value":"${api.file.token}"}\n`);
    const text = await bundle('-o', 'json');
    const said = JSON.parse(printed.out) as { files: { name: string }[]; missing: unknown[] };
    const names = said.files.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['README.txt', 'devices.json', 'stories.json', 'metrics.txt', 'logs/usher.log']),
    );
    expect(text).toContain('"msg":"leak","value":"***"');
    expect(text).not.toContain(api.file.token);
    expect(text).toContain('raspberrypi');
    expect(statSync(join(api.stateDir, 'bundle.tar.gz')).mode & 0o777).toBe(0o600);
  });

  it('has pseudonyms with --anonymise', async () => {
    const text = await bundle('--anonymise');
    expect(text).not.toContain(MAC);
    expect(text).not.toContain('raspberrypi');
    expect(text).toMatch(/"id": "mac:mac-[0-9a-f]{8}"/);
  });

  it('is made without an appliance as well, and says so', async () => {
    await api.server.close();
    const text = await bundle();
    expect(text).toContain('versions.json');
    expect(printed.err).toMatch(/missing: site\.json and all else of the appliance: .*\[APPLIANCE_UNREACHABLE\]/);
    expect(process.exitCode ?? 0).toBe(0);
  });

  it('never overwrites a file', async () => {
    await bundle();
    await main(['support-bundle', join(api.stateDir, 'bundle.tar.gz'), '--token-file', api.cliFile]);
    expect(printed.err).toContain('[TOOL_FAILED]');
  });
});

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../foundation/clock.ts';
import { asUsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import type { DownloadProgress } from '../../../k8s/k3s/download.ts';
import { obtainK3s, obtainK3sImages, type ObtainOptions } from '../../../k8s/k3s/obtain.ts';

const BINARY = Buffer.alloc(300_000, 'k3s ');
const SHA256 = createHash('sha256').update(BINARY).digest('hex');

/** Waits between attempts pass at once; the idle limit of 30 s never strikes. */
const hastyClock: Clock = {
  nowMs: () => 0,
  after: (delayMs, run) => {
    if (delayMs < 30_000) setImmediate(run);
    return () => undefined;
  },
};

/** What the release server does with a request for the binary. */
type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

const whole: Behaviour = (_request, response) => response.end(BINARY);
/**
 * Serves the file from where it is asked to, but each time only the next `bytes` of it; `tear` then ends the connection
 * once those have arrived (dropping it earlier would lose what the client has not read yet).
 */
function piecemeal(bytes: number): { serve: Behaviour; tear: (receivedBytes: number) => void } {
  let open: { endBytes: number; response: ServerResponse } | undefined;
  return {
    serve: (request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const length = String(BINARY.length - from);
      const range = `bytes ${String(from)}-${String(BINARY.length - 1)}/${String(BINARY.length)}`;
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': length, 'content-range': range });
      const endBytes = Math.min(BINARY.length, from + bytes);
      open = { endBytes, response };
      response.write(BINARY.subarray(from, endBytes));
      if (endBytes === BINARY.length) response.end();
    },
    tear: (receivedBytes) => {
      if (open !== undefined && receivedBytes === open.endBytes) open.response.destroy();
    },
  };
}

describe('obtaining k3s', () => {
  let dir: string;
  let server: Server;
  let base: string;
  let behaviour: Behaviour;
  let checksums: string;
  let requests: string[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'usher-obtain-'));
    behaviour = whole;
    checksums = `${SHA256}  k3s-arm64\n${SHA256}  k3s-airgap-images-arm64.tar.zst\n`;
    requests = [];
    server = createServer((request, response) => {
      requests.push(`${request.url ?? ''} ${request.headers.range ?? ''}`.trim());
      if (request.url?.endsWith('sha256sum-arm64.txt') === true) response.end(checksums);
      else behaviour(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  const options = (over: Partial<ObtainOptions> = {}): ObtainOptions => ({
    cacheDir: join(dir, 'cache'),
    mirror: base,
    version: 'v1.36.3+k3s1',
    arch: 'arm64',
    clock: hastyClock,
    logger: silentLogger,
    env: { PATH: '' },
    ...over,
  });
  const target = (): string => join(dir, 'cache', 'v1.36.3+k3s1', 'k3s-arm64');
  const failureOf = async (work: Promise<unknown>): Promise<string> =>
    await work.then(
      () => 'ok',
      (error: unknown) => asUsherError(error).code,
    );

  it('downloads it, checks it, makes it executable, and has it from the cache next time', async () => {
    const progress: number[] = [];
    const got = await obtainK3s(options({ onProgress: (p) => progress.push(p.receivedBytes / (p.totalBytes ?? 1)) }));
    expect(got).toEqual({ path: target(), from: 'download' });
    expect(await readFile(target())).toEqual(BINARY);
    expect((await stat(target())).mode & 0o777).toBe(0o755);
    expect(progress.at(-1)).toBe(1);
    expect(requests).toEqual(['/v1.36.3%2Bk3s1/sha256sum-arm64.txt', '/v1.36.3%2Bk3s1/k3s-arm64']);
    expect(await obtainK3s(options())).toEqual({ path: target(), from: 'cache' });
    expect(requests).toHaveLength(2);
  });

  it('goes on where the connection broke, again and again', async () => {
    const pieces = piecemeal(70_000);
    behaviour = pieces.serve;
    const onProgress = (progress: DownloadProgress): void => pieces.tear(progress.receivedBytes);
    expect((await obtainK3s(options({ onProgress }))).from).toBe('download');
    expect(await readFile(target())).toEqual(BINARY);
    const ranges = requests.map((line) => / bytes=(\d+)-/.exec(line)?.[1]).filter((from) => from !== undefined);
    expect(ranges).toEqual(['70000', '140000', '210000', '280000']);
  });

  it('goes on with what an earlier process left', async () => {
    await mkdir(join(dir, 'cache', 'v1.36.3+k3s1'), { recursive: true });
    await writeFile(`${target()}.part`, BINARY.subarray(0, 123_456));
    behaviour = piecemeal(BINARY.length).serve;
    await obtainK3s(options());
    expect(requests.at(-1)).toContain('bytes=123456-');
    expect(await readFile(target())).toEqual(BINARY);
  });

  it('starts anew when the server knows no ranges, or the part is longer than the file', async () => {
    await mkdir(join(dir, 'cache', 'v1.36.3+k3s1'), { recursive: true });
    await writeFile(`${target()}.part`, BINARY.subarray(0, 1000));
    await obtainK3s(options());
    await rm(target());
    await writeFile(`${target()}.part`, Buffer.alloc(BINARY.length + 5));
    behaviour = (request, response) => {
      if (request.headers.range === undefined) response.end(BINARY);
      else response.writeHead(416, { 'content-range': `bytes */${String(BINARY.length)}` }).end();
    };
    expect((await obtainK3s(options())).from).toBe('download');
    expect(await readFile(target())).toEqual(BINARY);
  });

  it('refuses and removes a file with another hash', async () => {
    behaviour = (_request, response) => response.end('something else');
    expect(await failureOf(obtainK3s(options()))).toBe('K3S_HASH_MISMATCH');
    expect(await readdir(join(dir, 'cache', 'v1.36.3+k3s1'))).toEqual([]);
    behaviour = whole;
    expect(await failureOf(obtainK3s(options({ sha256: '0'.repeat(64) })))).toBe('K3S_HASH_MISMATCH');
    expect((await obtainK3s(options({ sha256: SHA256.toUpperCase() }))).from).toBe('download');
  });

  it('does not run a cached file that was changed', async () => {
    await obtainK3s(options());
    await writeFile(target(), 'tampered with');
    expect((await obtainK3s(options())).from).toBe('download');
    expect(await readFile(target())).toEqual(BINARY);
  });

  it.each<[string, Behaviour, number]>([
    ['is not there (404)', (_q, response) => response.writeHead(404).end(), 1],
    ['fails for good (500)', (_q, response) => response.writeHead(500).end(), 4],
    ['drops every connection', (_q, response) => response.destroy(), 4],
  ])('says so when the file %s', async (_what, failing, attempts) => {
    behaviour = failing;
    expect(await failureOf(obtainK3s(options()))).toBe('K3S_DOWNLOAD_FAILED');
    expect(requests.filter((line) => line.includes('k3s-arm64'))).toHaveLength(attempts);
  });

  it('says so when the list of checksums lacks the file', async () => {
    checksums = `${SHA256}  k3s\n`;
    expect(await failureOf(obtainK3s(options()))).toBe('K3S_DOWNLOAD_FAILED');
  });

  it('follows redirects, as the release server sends them', async () => {
    behaviour = (request, response) => {
      if (request.url === '/elsewhere') response.end(BINARY);
      else response.writeHead(302, { location: '/elsewhere' }).end();
    };
    expect((await obtainK3s(options())).from).toBe('download');
  });

  it('stops when asked to, and keeps what it has for the next time', async () => {
    const stop = new AbortController();
    behaviour = (_request, response) => {
      response.writeHead(200, { 'content-length': String(BINARY.length) });
      response.write(BINARY.subarray(0, 50_000));
    };
    const onProgress = (): void => stop.abort();
    expect(await failureOf(obtainK3s(options({ signal: stop.signal, onProgress })))).toBe('STOPPED');
    expect((await stat(`${target()}.part`)).size).toBeGreaterThan(0);
  });

  it('takes the flag before PATH, and PATH before the network, for this machine only', async () => {
    const k3s = join(dir, 'k3s');
    await writeFile(k3s, '#!/bin/sh\n', { mode: 0o755 });
    const own = process.arch === 'arm64' ? 'arm64' : 'amd64';
    const other = own === 'arm64' ? 'amd64' : 'arm64';
    checksums = `${SHA256}  k3s-arm64\n`;
    expect(await obtainK3s(options({ path: k3s, env: {} }))).toEqual({ path: k3s, from: 'flag' });
    expect(await obtainK3s(options({ arch: own, env: { PATH: `/nowhere:${dir}` } }))).toEqual({
      path: k3s,
      from: 'PATH',
    });
    if (other === 'arm64') expect((await obtainK3s(options({ env: { PATH: dir } }))).from).toBe('download');
    expect(await failureOf(obtainK3s(options({ path: dir })))).toBe('K3S_NOT_EXECUTABLE');
  });

  it('finds the mirror in the environment, and fetches the images likewise', async () => {
    const { mirror, ...rest } = options({ env: { PATH: '', USHER_K3S_MIRROR: base } });
    expect(mirror).toBe(base);
    const got = await obtainK3sImages(rest);
    expect(got.path).toBe(join(dir, 'cache', 'v1.36.3+k3s1', 'k3s-airgap-images-arm64.tar.zst'));
    expect((await stat(got.path)).mode & 0o111).toBe(0);
  });
});

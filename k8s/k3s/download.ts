import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, sleep } from '../../foundation/clock.ts';
import { hasErrno, isUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';

/** What has arrived so far; `totalBytes` is missing when the server does not say. */
export interface DownloadProgress {
  file: string;
  receivedBytes: number;
  totalBytes?: number;
}

export interface DownloadTools {
  clock: Clock;
  logger: Logger;
  /** Follows redirects, as the platform's does. */
  fetch: typeof globalThis.fetch;
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

export interface Download {
  url: string;
  /** Where the whole, checked file ends up. `<to>.part` holds what has arrived, also across restarts. */
  to: string;
  /** Lower-case hex. */
  sha256: string;
  /** Permission bits of the file. */
  mode: number;
}

const IDLE_LIMIT_MS = 30_000;
const MAX_FRUITLESS = 4;
const RETRY_MS = 500;

/**
 * Downloads a file, going on where an earlier attempt ended, and gives it its name only when its SHA-256 is right; a file
 * with another one is removed.
 * @throws UsherError K3S_DOWNLOAD_FAILED, K3S_HASH_MISMATCH, DISK_FULL, STOPPED when `signal` is aborted
 */
export async function downloadChecked(download: Download, tools: DownloadTools): Promise<void> {
  const part = `${download.to}.part`;
  await mkdir(dirname(download.to), { recursive: true, mode: 0o755 });
  await fetchAll(download, part, tools);
  const actual = await sha256OfFile(part);
  if (actual !== download.sha256) {
    await rm(part, { force: true });
    throw new UsherError('K3S_HASH_MISMATCH', { url: download.url, actual, expected: download.sha256 });
  }
  const file = await open(part, 'r+');
  try {
    await file.chmod(download.mode);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, download.to);
}

/**
 * A small text file such as a list of checksums.
 * @throws UsherError K3S_DOWNLOAD_FAILED, STOPPED
 */
export async function downloadText(url: string, tools: DownloadTools): Promise<string> {
  const idle = idleGuard(tools);
  try {
    const response = await tools.fetch(url, { signal: idle.signal });
    if (!response.ok) throw new UsherError('K3S_DOWNLOAD_FAILED', { url, detail: answerOf(response) });
    return await response.text();
  } catch (error) {
    throw translated(error, url, tools);
  } finally {
    idle.stop();
  }
}

/** SHA-256 of a file, lower-case hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Attempts until the file is whole; an attempt that brought anything costs nothing, since the next goes on from there. */
async function fetchAll(download: Download, part: string, tools: DownloadTools): Promise<void> {
  for (let fruitless = 0; ;) {
    const before = await sizeOf(part);
    try {
      await fetchRest(download, part, before, tools);
      return;
    } catch (error) {
      const failure = translated(error, download.url, tools);
      fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
      const isFinal = !isUsherError(failure, 'K3S_DOWNLOAD_FAILED') || failure.params['final'] === 1;
      if (isFinal || fruitless >= MAX_FRUITLESS) throw failure;
      tools.logger.warn({ url: download.url, detail: failure.message }, 'download interrupted: going on from there');
      await sleep(tools.clock, RETRY_MS * 2 ** fruitless, tools.signal).catch((reason: unknown) => {
        throw translated(reason, download.url, tools);
      });
    }
  }
}

async function fetchRest(download: Download, part: string, fromBytes: number, tools: DownloadTools): Promise<void> {
  const { url } = download;
  const idle = idleGuard(tools);
  try {
    const headers: Record<string, string> = fromBytes > 0 ? { range: `bytes=${String(fromBytes)}-` } : {};
    const response = await tools.fetch(url, { headers, signal: idle.signal });
    if (response.status === 416) {
      // Either it was whole already, which its hash will show, or it is another file's part.
      await response.body?.cancel();
      if (totalOf(response) === fromBytes) return;
      await rm(part, { force: true });
      throw new UsherError('K3S_DOWNLOAD_FAILED', { url, detail: 'the part on disk is not of this file' });
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const final = response.status >= 400 && response.status < 500 && response.status !== 429 ? 1 : 0;
      throw new UsherError('K3S_DOWNLOAD_FAILED', { url, detail: answerOf(response), final });
    }
    await save(response, response.body, { download, part, fromBytes, tools, idle });
  } finally {
    idle.stop();
  }
}

interface Saving {
  download: Download;
  part: string;
  fromBytes: number;
  tools: DownloadTools;
  idle: IdleGuard;
}

async function save(response: Response, body: ReadableStream<Uint8Array>, saving: Saving): Promise<void> {
  const { download, part, tools, idle } = saving;
  const resumed = response.status === 206;
  const totalBytes = totalOf(response);
  let receivedBytes = resumed ? saving.fromBytes : 0;
  const file = await open(part, resumed ? 'a' : 'w', 0o600);
  try {
    for await (const chunk of body) {
      idle.touch();
      await file.writeFile(chunk);
      receivedBytes += chunk.byteLength;
      tools.onProgress?.({
        file: download.to,
        receivedBytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
      });
    }
  } catch (error) {
    if (hasErrno(error, 'ENOSPC')) {
      throw new UsherError('DISK_FULL', { what: download.url, path: part }, { cause: error });
    }
    throw error;
  } finally {
    await file.close();
  }
  if (totalBytes !== undefined && receivedBytes < totalBytes) {
    const detail = `the connection ended after ${String(receivedBytes)} of ${String(totalBytes)} bytes`;
    throw new UsherError('K3S_DOWNLOAD_FAILED', { url: download.url, detail });
  }
}

/** Size of the whole file, from Content-Range (RFC 9110, 14.4) or, for a whole answer, Content-Length. */
function totalOf(response: Response): number | undefined {
  const range = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  const length = response.status === 200 ? response.headers.get('content-length') : null;
  const text = range ?? length;
  return text === null ? undefined : Number(text);
}

interface IdleGuard {
  signal: AbortSignal;
  touch: () => void;
  stop: () => void;
}

/** Aborts when nothing arrives for a while, or when the caller gives up. */
function idleGuard({ clock, signal }: DownloadTools): IdleGuard {
  const idle = new AbortController();
  const arm = (): (() => void) => clock.after(IDLE_LIMIT_MS, () => idle.abort());
  let cancel = arm();
  return {
    signal: signal === undefined ? idle.signal : AbortSignal.any([idle.signal, signal]),
    touch: () => {
      cancel();
      cancel = arm();
    },
    stop: () => cancel(),
  };
}

function translated(error: unknown, url: string, tools: DownloadTools): UsherError {
  if (error instanceof UsherError) return error;
  if (tools.signal?.aborted === true) return new UsherError('STOPPED', {}, { cause: error });
  const isIdle = error instanceof Error && error.name === 'AbortError';
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const detail = isIdle ? `nothing arrived for ${String(IDLE_LIMIT_MS)} ms` : messageOf(reason);
  return new UsherError('K3S_DOWNLOAD_FAILED', { url, detail }, { cause: error });
}

function answerOf(response: Response): string {
  return `the server answered ${String(response.status)} ${response.statusText}`.trim();
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

import { constants } from 'node:fs';
import { access, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import {
  checksumOf,
  K3S_RELEASES,
  type K3sArch,
  k3sArchOf,
  k3sAssetUrl,
  k3sBinaryName,
  k3sChecksumName,
  k3sImagesName,
} from '../core/k3s-release.ts';
import { downloadChecked, type DownloadProgress, downloadText, type DownloadTools, sha256OfFile } from './download.ts';

export interface ObtainOptions {
  /** `--k3s PATH`: this file and no other. */
  path?: string;
  /** Folder for downloads; each version has its own below it. */
  cacheDir: string;
  /** Base URL laid out like the release server; `USHER_K3S_MIRROR` when it is left out. */
  mirror?: string;
  version: string;
  arch: K3sArch;
  /** `--k3s-sha256`; when it is left out, the release's own list of checksums says what is right. */
  sha256?: string;
  clock: Clock;
  logger: Logger;
  onProgress?: (progress: DownloadProgress) => void;
  signal?: AbortSignal;
  fetch?: typeof globalThis.fetch;
  env?: Readonly<Record<string, string | undefined>>;
}

export interface ObtainedFile {
  path: string;
  from: 'flag' | 'PATH' | 'cache' | 'download';
}

/**
 * The k3s binary for an architecture: the one given by flag, one on PATH (this machine's architecture only), the cache,
 * or a release file, downloaded and checked.
 * @throws UsherError K3S_NOT_EXECUTABLE, K3S_DOWNLOAD_FAILED, K3S_HASH_MISMATCH, DISK_FULL, STOPPED
 */
export async function obtainK3s(options: ObtainOptions): Promise<ObtainedFile> {
  if (options.path !== undefined) {
    if (!(await isExecutable(options.path))) {
      throw new UsherError('K3S_NOT_EXECUTABLE', { path: options.path, detail: 'no such file, or not executable' });
    }
    return { path: options.path, from: 'flag' };
  }
  const onPath = k3sArchOf(process.arch) === options.arch ? await findOnPath(options) : undefined;
  if (onPath !== undefined) return { path: onPath, from: 'PATH' };
  return await obtainAsset(k3sBinaryName(options.arch), 0o755, options);
}

/**
 * The archive of all images that k3s needs without a network, from the cache or the release.
 * @throws UsherError K3S_DOWNLOAD_FAILED, K3S_HASH_MISMATCH, DISK_FULL, STOPPED
 */
export async function obtainK3sImages(options: Omit<ObtainOptions, 'path' | 'sha256'>): Promise<ObtainedFile> {
  return await obtainAsset(k3sImagesName(options.arch), 0o644, options);
}

async function obtainAsset(file: string, mode: number, options: Omit<ObtainOptions, 'path'>): Promise<ObtainedFile> {
  const path = join(options.cacheDir, options.version, file);
  if (await isCached(path, options)) return { path, from: 'cache' };
  const mirror = options.mirror ?? (options.env ?? process.env)['USHER_K3S_MIRROR'];
  const base = mirror === undefined || mirror === '' ? K3S_RELEASES : mirror;
  const { clock, logger, onProgress, signal } = options;
  const tools: DownloadTools = {
    clock,
    logger,
    fetch: options.fetch ?? globalThis.fetch,
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  };
  const sha256 = options.sha256?.toLowerCase() ?? (await publishedChecksum(base, file, options, tools));
  const url = k3sAssetUrl(base, options.version, file);
  logger.info({ url }, 'downloading k3s');
  await downloadChecked({ url, to: path, sha256, mode }, tools);
  await writeFile(`${path}.sha256`, `${sha256}\n`, { mode: 0o644 });
  return { path, from: 'download' };
}

async function publishedChecksum(
  base: string,
  file: string,
  options: Omit<ObtainOptions, 'path'>,
  tools: DownloadTools,
): Promise<string> {
  const url = k3sAssetUrl(base, options.version, k3sChecksumName(options.arch));
  const sha256 = checksumOf(await downloadText(url, tools), file);
  if (sha256 === undefined)
    throw new UsherError('K3S_DOWNLOAD_FAILED', { url, detail: `it has no checksum of ${file}` });
  return sha256;
}

/** The cache is checked at each start: a torn or changed file is removed, not run. */
async function isCached(path: string, options: Omit<ObtainOptions, 'path'>): Promise<boolean> {
  try {
    const recorded = (await readFile(`${path}.sha256`, 'utf8')).trim();
    const expected = options.sha256?.toLowerCase() ?? recorded;
    if ((await sha256OfFile(path)) === expected) return true;
    options.logger.warn({ path }, 'the cached file has another SHA-256 than expected: fetching it again');
  } catch {
    return false;
  }
  await rm(path, { force: true });
  return false;
}

async function findOnPath(options: ObtainOptions): Promise<string | undefined> {
  const folders = ((options.env ?? process.env)['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const candidate = join(folder, 'k3s');
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

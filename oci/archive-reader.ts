import { createHash } from 'node:crypto';
import { open, rename, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { asUsherError, hasErrno, isUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import { printable } from '../foundation/text.ts';

/** Bounds of one archive, so that none can fill the master. */
export interface ArchiveLimits {
  readonly entries: number;
  /** Of all files, unpacked from what may be gzip. */
  readonly bytes: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { entries: 20_000, bytes: 16 * 2 ** 30 };
const MOST_PATH_CHARACTERS = 512;
const GZIP_MAGIC = 0x1f8b;
const FRESH_FILE = 'wx';
const ROOM_LEFT_BYTES = 256 * 2 ** 20;

/** A file of an archive, put down under its digest. */
export interface ReceivedFile {
  /** `sha256:…` of what was received. */
  readonly digest: string;
  readonly bytes: number;
}

/**
 * Puts every file of a tar into a folder, named by what it contains: no name of the archive becomes a path of this
 * machine. A file below `blobs/sha256/` must be what its name says.
 * @param folder empty, and the caller's to remove
 * @returns the files by their path in the archive; a link is what it points to
 * @throws UsherError OCI_NOT_AN_ARCHIVE, OCI_ARCHIVE_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE, DISK_FULL
 */
export async function receiveArchive(
  archive: AsyncIterable<Uint8Array>,
  folder: string,
  limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
): Promise<Map<string, ReceivedFile>> {
  const files = new Map<string, ReceivedFile>();
  const links = new Map<string, string>();
  let left = limits.bytes;
  let entries = 0;
  const tar = extract();
  const source = await unpacked(archive);
  source.on('error', (error: Error) => tar.destroy(error));
  source.pipe(tar);
  try {
    for await (const entry of tar) {
      entries += 1;
      if (entries > limits.entries)
        throw new UsherError('OCI_TOO_LARGE', { detail: `more than ${limits.entries} files` });
      const path = safePath(entry.header.name);
      const { type, linkname, size } = entry.header;
      if (type === 'symlink' || type === 'link') {
        links.set(path, linkedPath(path, linkname, type));
        entry.resume();
      } else if (type === 'file') {
        left -= size;
        if (left < 0) throw new UsherError('OCI_TOO_LARGE', { detail: `more than ${limits.bytes} bytes` });
        await requireRoom(folder, size);
        files.set(path, await receiveFile(entry, path, folder, files.size));
      } else {
        entry.resume();
      }
    }
  } catch (error) {
    throw archiveError(error);
  } finally {
    source.destroy();
  }
  if (files.size === 0) throw new UsherError('OCI_NOT_AN_ARCHIVE', { detail: 'there is no file in it' });
  for (const [path, target] of links) {
    const file = files.get(target);
    if (file !== undefined) files.set(path, file);
  }
  return files;
}

/** The path of a received file. */
export function receivedPath(folder: string, digest: string): string {
  return join(folder, digest.replace(':', '-'));
}

async function receiveFile(entry: unknown, path: string, folder: string, number: number): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  const fresh = join(folder, `receiving-${number}`);
  let bytes = 0;
  const file = await open(fresh, FRESH_FILE, 0o600);
  try {
    for await (const chunk of entry as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  const hex = hash.digest('hex');
  const digest = `sha256:${hex}`;
  const promised = /^blobs\/sha256\/([^/]+)$/.exec(path)?.[1];
  if (promised !== undefined && promised !== hex) throw new UsherError('OCI_DIGEST_MISMATCH', { path });
  await rename(fresh, receivedPath(folder, digest));
  return { digest, bytes };
}

/** The master's disk has other guests, its database above all. @throws UsherError DISK_FULL */
async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + ROOM_LEFT_BYTES) throw new UsherError('DISK_FULL', { what: 'the images', path: folder });
}

/** The tar in an archive, which may be gzipped as a whole. */
async function unpacked(archive: AsyncIterable<Uint8Array>): Promise<Readable> {
  const chunks: AsyncIterator<Uint8Array> = archive[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next: IteratorResult<Uint8Array, unknown> = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head.length < 2) throw new UsherError('OCI_NOT_AN_ARCHIVE', { detail: 'it is empty' });
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  const plain = Readable.from(whole(), { objectMode: false });
  if (head.readUInt16BE(0) !== GZIP_MAGIC) return plain;
  const gunzip = createGunzip();
  plain.on('error', (error: Error) => gunzip.destroy(error));
  gunzip.on('close', () => plain.destroy());
  return plain.pipe(gunzip);
}

/** A path of the archive in its plain form. @throws UsherError OCI_ARCHIVE_INVALID when it leads out of the archive */
function safePath(name: string): string {
  const path = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const isUnsafe = path.startsWith('/') || path.split('/').includes('..') || path.length > MOST_PATH_CHARACTERS;
  if (isUnsafe || path.includes('\0'))
    throw new UsherError('OCI_ARCHIVE_INVALID', { detail: `the path ${printable(name, 128)} leads out of it` });
  return path;
}

/** Where a link of the archive points, seen from its root. Old docker save links equal layers. */
function linkedPath(path: string, target: string, type: 'symlink' | 'link'): string {
  if (type === 'link' || target.startsWith('/')) return safePath(target.replace(/^\/+/, ''));
  const parts = path.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return safePath(parts.join('/'));
}

function archiveError(error: unknown): UsherError {
  if (isUsherError(error)) return error;
  if (hasErrno(error, 'ENOSPC', 'EDQUOT'))
    return new UsherError('DISK_FULL', { what: 'the images', path: 'the state folder' }, { cause: error });
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('E')) return asUsherError(error);
  return new UsherError('OCI_NOT_AN_ARCHIVE', { detail: messageOf(error) }, { cause: error });
}

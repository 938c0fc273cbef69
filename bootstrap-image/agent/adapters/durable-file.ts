import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrno, messageOf, UsherError } from '../../../foundation/errors.ts';

/**
 * Replaces a file so that a power cut at any moment leaves the old or the new content, never half of one: written
 * beside it, fsync, rename, fsync of the folder. Missing folders are made.
 * @param mode permission bits, in force before the first byte is written
 * @throws UsherError DISK_FULL, INTERNAL
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(fresh, 'w', mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveDurably(fresh, path);
  } catch (error) {
    throw diskError(error, path, path);
  }
}

/** Renames within a file system and makes the rename itself survive a power cut. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Removes a file, and makes that survive a power cut. A file that is not there is no error. */
export async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw diskError(error, path, path);
    return;
  }
  await syncFolder(dirname(path));
}

/** True when `error` says that a file or folder does not exist. */
export function isMissing(error: unknown): boolean {
  return hasErrno(error, 'ENOENT', 'ENOTDIR');
}

/** A file system's error as one of ours; a full disk says what there was no room for. */
export function diskError(error: unknown, what: string, path: string): UsherError {
  if (error instanceof UsherError) return error;
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new UsherError('DISK_FULL', { what, path: dirname(path) }, { cause: error });
  }
  return new UsherError('INTERNAL', { detail: messageOf(error) }, { cause: error });
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

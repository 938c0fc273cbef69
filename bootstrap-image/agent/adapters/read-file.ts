import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import { diskError, isMissing } from './durable-file.ts';
import { hasErrno } from '../../../foundation/errors.ts';

/** None of the files read is a tenth as long. A card may hold anything, and a Pi has little memory. */
const MOST_BYTES = 256 * 1024;

/** The text of a file, at most its first 256 KiB, or undefined when there is none (nor a folder on the way to it). */
export async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    // The files of the kernel do not tell their size: read until there is no more.
    const { buffer, bytesRead } = await readFully(file);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, path, path);
  }
}

async function readFully(file: FileHandle): Promise<{ buffer: Buffer; bytesRead: number }> {
  const buffer = Buffer.alloc(MOST_BYTES);
  let bytesRead = 0;
  while (bytesRead < MOST_BYTES) {
    const piece = await file.read(buffer, bytesRead, MOST_BYTES - bytesRead);
    if (piece.bytesRead === 0) break;
    bytesRead += piece.bytesRead;
  }
  return { buffer, bytesRead };
}

/** A fact the kernel gives as a small file: trimmed, without the NUL a device tree ends with; undefined without one. */
export async function readFact(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.replaceAll('\0', '').trim() || undefined;
  } catch (error) {
    // Kernel files answer EINVAL or EIO where a driver has nothing to say: that is no fact, and no fault of ours.
    if (isMissing(error) || hasErrno(error, 'EINVAL', 'EIO')) return undefined;
    throw diskError(error, path, path);
  }
}

/** The names in a folder, sorted; none when there is no such folder. */
export async function listNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(error, folder, folder);
  }
}

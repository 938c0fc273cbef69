import { readFile } from 'node:fs/promises';
import { diskError, hasErrno, isMissing } from './durable-file.ts';

/** The text of a file, or undefined when there is none (nor a folder on the way to it). */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, path, path);
  }
}

/** A fact the kernel gives as a small file: trimmed, without the NUL a device tree ends with; undefined without one. */
export async function readFact(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.replaceAll('\0', '').trim() || undefined;
  } catch (error) {
    // Kernel files answer EINVAL or EIO where a driver has nothing to say: that is no fact, and no fault of ours.
    if (isMissing(error) || hasErrno(error, 'EINVAL') || hasErrno(error, 'EIO')) return undefined;
    throw diskError(error, path, path);
  }
}

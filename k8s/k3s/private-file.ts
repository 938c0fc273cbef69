import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Readable and writable by its owner alone. */
const PRIVATE = 0o600;

/**
 * Replaces a file of mode 0600 so that a power cut at any moment leaves the old or the new content: written beside it
 * as `PATH.new`, fsync, rename, fsync of the folder, which must exist. One writer at a time. Rejects with the file
 * system's own error, for the caller to translate.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', PRIVATE);
  try {
    // One left over from a crash keeps its mode.
    await file.chmod(PRIVATE);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ChainWalk, parseEntry, type ChainHead } from '../../core/people/audit-chain.ts';
import type { AuditEntry, AuditVerification } from '../../core/schemas.ts';
import { hasErrno } from '../../../foundation/errors.ts';

/** `audit-000001.jsonl`: the number grows by one with each file. */
const FILE = /^audit-(\d{6,9})\.jsonl$/;

/** @returns SHA-256 of a text, lower-case hex */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The files of the log in a folder, oldest first; none when there is no folder yet. */
export async function auditFiles(dir: string): Promise<{ path: string; name: string; number: number }[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const [, number] = FILE.exec(name) ?? [];
      return number === undefined ? [] : [{ path: join(dir, name), name, number: Number(number) }];
    })
    .sort((one, other) => one.number - other.number);
}

/** Path of the file of that number. */
export function auditPath(dir: string, number: number): string {
  return join(dir, `audit-${String(number).padStart(6, '0')}.jsonl`);
}

/**
 * Walks all files of the log, needing nothing but them.
 * @param anchor the head as the ConfigMap has it; without it a log that was cut off at its end cannot be told
 */
export async function verifyAuditFiles(dir: string, anchor: ChainHead | undefined): Promise<AuditVerification> {
  const walk = new ChainWalk(sha256, anchor);
  const files = await auditFiles(dir);
  for (const { path, name } of files) {
    const torn = await tornBytes(path);
    let line = 0;
    for await (const { text, isTorn } of linesOf(path, torn > 0)) {
      line += 1;
      // Only the very last line can be torn: a file is never gone back to.
      if (isTorn && name === files.at(-1)?.name) walk.takeTorn({ file: name, line });
      else walk.take(text, { file: name, line });
    }
  }
  return walk.end();
}

/** How many bytes stand behind the last line end of a file. */
export async function tornBytes(path: string): Promise<number> {
  const bytes = await readFile(path);
  return bytes.length - (bytes.lastIndexOf(0x0a) + 1);
}

async function* linesOf(path: string, endsTorn: boolean): AsyncGenerator<{ text: string; isTorn: boolean }> {
  const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  let held: string | undefined;
  for await (const text of lines) {
    if (held !== undefined) yield { text: held, isTorn: false };
    held = text;
  }
  if (held !== undefined) yield { text: held, isTorn: endsTorn };
}

/** The entries of a file, oldest first; what is no entry is left out (verifying tells of it). */
export async function entriesOf(path: string): Promise<AuditEntry[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').flatMap((line) => {
    const entry = line === '' ? undefined : parseEntry(line);
    return entry === undefined ? [] : [entry];
  });
}

/** Opens a file to append to, readable by its owner alone. */
export async function openAppending(path: string): Promise<FileHandle> {
  const file = await open(path, 'a', 0o600);
  await file.chmod(0o600);
  return file;
}

/** Makes the folder, and its entry survive a power cut. */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await syncFolder(dir);
}

/** A new file in a folder survives a power cut only after this. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return hasErrno(error, 'ENOENT');
}

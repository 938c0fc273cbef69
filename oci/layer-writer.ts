import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import { z } from 'zod';
import type { Layer } from './core/image-documents.ts';
import { orderedEntries, type LayerEntry } from './core/layer-plan.ts';
import { Digest } from './core/schemas.ts';

/** A layer, and the file that holds it. */
export interface StoredLayer extends Layer {
  readonly path: string;
}

/** Part of the cache's key: to be counted up when this file writes other bytes for the same entries. */
const FORMAT = 1;
const EPOCH = new Date(0);
/** RFC 1952: the tenth byte names the system that packed, which is nobody's business here. */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;
const Written = z.object({ digest: Digest, size: z.number(), diffId: Digest });

/**
 * Writes entries as one gzipped tar, unless the cache has it already. The same entries give the same bytes.
 * @param key tells all inputs, so that a cached layer is the one that would be written
 */
export async function writeLayer(
  cacheDir: string,
  { what, key, entries }: { what: string; key: string; entries: () => Promise<LayerEntry[]> },
): Promise<StoredLayer> {
  const folder = join(cacheDir, 'layers');
  await mkdir(folder, { recursive: true });
  const name = createHash('sha256')
    .update(JSON.stringify([FORMAT, process.versions.zlib, key]))
    .digest('hex');
  const path = join(folder, `${name}.tar.gz`);
  const known = Written.safeParse(await readJson(`${path}.json`));
  const size = (await stat(path).catch(() => undefined))?.size;
  if (known.success && known.data.size === size) return { ...known.data, what, path };
  const fresh = `${path}.${process.pid}.new`;
  try {
    const written = await writeGzippedTar(fresh, orderedEntries(await entries()));
    await rename(fresh, path);
    await writeFile(`${path}.json`, JSON.stringify(written));
    return { ...written, what, path };
  } finally {
    await rm(fresh, { force: true });
  }
}

async function writeGzippedTar(path: string, entries: readonly LayerEntry[]): Promise<z.infer<typeof Written>> {
  const [plain, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  const tar = pack();
  const writing = pipeline(
    tar,
    tap((chunk) => plain.update(chunk)),
    createGzip({ level: 6 }),
    withoutSystem(),
    tap((chunk) => {
      size += chunk.length;
      packed.update(chunk);
    }),
    createWriteStream(path),
  );
  await Promise.all([addEntries(tar, entries), writing]);
  return { digest: digestOf(packed), size, diffId: digestOf(plain) };
}

async function addEntries(tar: Pack, entries: readonly LayerEntry[]): Promise<void> {
  const common = { uid: 0, gid: 0, mtime: EPOCH };
  for (const entry of entries) {
    if (entry.kind === 'folder') {
      tar.entry({ ...common, name: `${entry.path}/`, type: 'directory', mode: entry.mode });
    } else if (entry.kind === 'link') {
      tar.entry({ ...common, name: entry.path, type: 'symlink', linkname: entry.target, mode: 0o777 });
    } else if (entry.content instanceof Uint8Array) {
      tar.entry({ ...common, name: entry.path, mode: entry.mode }, Buffer.from(entry.content));
    } else {
      const { bytes, path } = entry.content;
      const sink = tar.entry({ ...common, name: entry.path, mode: entry.mode, size: bytes });
      createReadStream(path).pipe(sink);
      await finished(sink);
    }
  }
  tar.finalize();
}

/** Sets the one byte of a gzip header that depends on the machine. */
function withoutSystem(): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (seen <= OS_BYTE && seen + chunk.length > OS_BYTE) chunk[OS_BYTE - seen] = OS_UNKNOWN;
      seen += chunk.length;
      done(null, chunk);
    },
  });
}

function tap(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      look(chunk);
      done(null, chunk);
    },
  });
}

function digestOf(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // Absent, or cut short by an end in between: the layer is written again.
    return undefined;
  }
}

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { archiveIndex } from './core/image-documents.ts';

/** One blob of an archive: a document in memory, or a layer in a file. */
export type Blob =
  | { readonly digest: string; readonly size: number; readonly text: string }
  | { readonly digest: string; readonly size: number; readonly path: string };

/** An image of an archive: its whole name and the index of its architectures. */
export interface ArchivedImage {
  readonly name: string;
  readonly index: Blob;
}

const COMMON = { uid: 0, gid: 0, mtime: new Date(0), mode: 0o644 };

/** A JSON document as a blob. */
export function documentBlob(text: string): Blob & { readonly text: string } {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { digest, size: Buffer.byteLength(text), text };
}

/**
 * Writes an OCI image layout (image-spec v1.1, image-layout.md) as one tar. A blob that several images share is in it
 * once; the same images give the same bytes.
 */
export async function writeArchive(
  path: string,
  images: readonly ArchivedImage[],
  blobs: readonly Blob[],
): Promise<void> {
  const unique = new Map([...images.map(({ index }) => index), ...blobs].map((blob) => [blob.digest, blob]));
  const sorted = [...unique.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1));
  await mkdir(dirname(path), { recursive: true });
  const fresh = `${path}.new`;
  const tar = pack();
  try {
    await Promise.all([addAll(tar, images, sorted), pipeline(tar, createWriteStream(fresh))]);
    await rename(fresh, path);
  } finally {
    await rm(fresh, { force: true });
  }
}

async function addAll(tar: Pack, images: readonly ArchivedImage[], blobs: readonly Blob[]): Promise<void> {
  tar.entry({ ...COMMON, name: 'oci-layout' }, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const entries = images.map(({ name, index: { digest, size } }) => ({ name, digest, size }));
  tar.entry({ ...COMMON, name: 'index.json' }, archiveIndex(entries));
  for (const blob of blobs) {
    const name = `blobs/${blob.digest.replace(':', '/')}`;
    if ('text' in blob) {
      tar.entry({ ...COMMON, name }, blob.text);
      continue;
    }
    const sink = tar.entry({ ...COMMON, name, size: blob.size });
    createReadStream(blob.path).pipe(sink);
    await finished(sink);
  }
  tar.finalize();
}

import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toRfc3339, type Clock } from '../foundation/clock.ts';
import { asUsherError, hasErrno, messageOf, UsherError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { digestOf, imagesOf, type CheckedImage } from './archive-images.ts';
import { receiveArchive, receivedPath, type ArchiveLimits, type ReceivedFile } from './archive-reader.ts';
import { KeptImage, type SiteImage, type SiteImages } from './core/image-list.ts';
import { fullName, isRepository, isTag, parseImageName } from './core/image-name.ts';
import { Digest } from './core/schemas.ts';

export interface ImageStoreOptions {
  /** Folder of its own, for root alone. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: ArchiveLimits;
}

/** A document or blob of the store, ready to be sent. */
export interface StoredBlob {
  readonly digest: string;
  readonly bytes: number;
  readonly path: string;
}

/** What a node asks a registry for. */
export interface ManifestOrder {
  /** Host of the image's name. */
  readonly host: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

const KeptImages = z.array(KeptImage).max(10_000);
const MOST_DOCUMENT_BYTES = 4 * 2 ** 20;
const RECEIVING = 'receiving-';

/**
 * The images of the site on the master's disk: blobs by their digest, and one list of images that is replaced as a
 * whole. An archive is received beside them and counts when all of it has been checked.
 */
export class ImageStore implements SiteImages {
  readonly #options: ImageStoreOptions;
  readonly #blobs: string;
  /** Changes of the list, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #images: readonly KeptImage[];

  private constructor(options: ImageStoreOptions, images: readonly KeptImage[]) {
    this.#options = options;
    this.#blobs = join(options.dir, 'blobs');
    this.#images = images;
  }

  /** Opens the store, and removes what an end in the middle of a load left. @throws UsherError INTERNAL */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    const { dir, logger } = options;
    await mkdir(join(dir, 'blobs'), { recursive: true, mode: 0o700 });
    for (const name of await readdir(dir)) {
      if (name.startsWith(RECEIVING)) await rm(join(dir, name), { recursive: true, force: true });
    }
    const store = new ImageStore(options, await readList(join(dir, 'images.json'), logger));
    await store.#sweep();
    return store;
  }

  list(): Promise<SiteImage[]> {
    const images = this.#images.map(({ name, digest, platforms, bytes, loadedAt }) => {
      return { name, digest, platforms, bytes, loadedAt };
    });
    return Promise.resolve(images.sort((one, other) => (one.name < other.name ? -1 : 1)));
  }

  async load(archive: AsyncIterable<Uint8Array>, name?: string): Promise<SiteImage[]> {
    const { dir, limits, logger } = this.#options;
    const folder = await mkdtemp(join(dir, RECEIVING));
    try {
      const files = await receiveArchive(archive, folder, limits);
      // From here on no blob may be swept away on which this archive counts.
      return await this.#inTurn(async () => {
        const images = await imagesOf(this.#contentOf(folder, files), name);
        const kept = await this.#keep(images, folder);
        logger.info({ images: kept.map((image) => image.name) }, 'images were brought to the site');
        return kept;
      });
    } catch (error) {
      throw diskError(error, dir);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  remove(name: string): Promise<void> {
    const wanted = fullName(parseImageName(name));
    return this.#inTurn(async () => {
      if (!this.#images.some((image) => image.name === wanted))
        throw new UsherError('OCI_IMAGE_UNKNOWN', { name: wanted });
      await this.#write(this.#images.filter((image) => image.name !== wanted));
      await this.#sweep();
    });
  }

  /** A manifest or index, with its media type. Undefined when the site has no such image. */
  async manifest({ host, repository, reference }: ManifestOrder): Promise<(StoredBlob & { type: string }) | undefined> {
    if (!isRepository(repository)) return undefined;
    if (Digest.safeParse(reference).success) return this.#manifestByDigest(reference);
    if (!isTag(reference)) return undefined;
    const name = `${host}/${repository}:${reference}`;
    const image = this.#images.find((each) => each.name === name);
    const blob = image === undefined ? undefined : await this.blob(image.digest);
    return image === undefined || blob === undefined ? undefined : { ...blob, type: image.mediaType };
  }

  /** A blob by its digest. Undefined when no image of the site has it. */
  async blob(digest: string): Promise<StoredBlob | undefined> {
    if (!Digest.safeParse(digest).success) return undefined;
    if (!this.#images.some(({ blobs }) => blobs.includes(digest))) return undefined;
    const path = this.#pathOf(digest);
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? undefined : { digest, bytes: found.size, path };
  }

  async #manifestByDigest(digest: string): Promise<(StoredBlob & { type: string }) | undefined> {
    const blob = await this.blob(digest);
    if (blob === undefined || blob.bytes > MOST_DOCUMENT_BYTES) return undefined;
    const parsed = z.object({ mediaType: z.string() }).safeParse(jsonOf(await readFile(blob.path, 'utf8')));
    const image = this.#images.find((each) => each.digest === digest);
    const type = image?.mediaType ?? parsed.data?.mediaType;
    return type === undefined ? undefined : { ...blob, type };
  }

  #contentOf(folder: string, files: ReadonlyMap<string, ReceivedFile>): Parameters<typeof imagesOf>[0] {
    const pathOf = async (digest: string): Promise<string | undefined> => {
      if (!Digest.safeParse(digest).success) return undefined;
      for (const path of [receivedPath(folder, digest), this.#pathOf(digest)]) {
        if ((await stat(path).catch(() => undefined)) !== undefined) return path;
      }
      return undefined;
    };
    return {
      files,
      sizeOf: async (digest) => {
        const path = await pathOf(digest);
        return path === undefined ? undefined : (await stat(path)).size;
      },
      read: async (digest) => {
        const path = await pathOf(digest);
        if (path === undefined || (await stat(path)).size > MOST_DOCUMENT_BYTES)
          throw new UsherError('OCI_ARCHIVE_INVALID', { detail: `${digest} is missing or too large for a document` });
        return readFile(path, 'utf8');
      },
      add: async (text) => {
        const digest = digestOf(text);
        await writeFile(receivedPath(folder, digest), text, { mode: 0o600 });
        return digest;
      },
    };
  }

  /** Moves the blobs in, then the list: in this order every image of the list is complete at any moment. */
  async #keep(images: readonly CheckedImage[], folder: string): Promise<SiteImage[]> {
    const loadedAt = toRfc3339(this.#options.clock.nowMs());
    const names = new Set(images.map(({ name }) => name));
    for (const digest of new Set(images.flatMap(({ blobs }) => blobs))) {
      const received = receivedPath(folder, digest);
      if ((await stat(received).catch(() => undefined)) !== undefined) await rename(received, this.#pathOf(digest));
    }
    const kept = images.map((image) => ({ ...image, loadedAt }));
    await this.#write([...this.#images.filter(({ name }) => !names.has(name)), ...kept]);
    await this.#sweep();
    return (await this.list()).filter(({ name }) => names.has(name));
  }

  async #write(images: readonly KeptImage[]): Promise<void> {
    const path = join(this.#options.dir, 'images.json');
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(JSON.stringify(images));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    this.#images = images;
  }

  /** Removes blobs that no image needs any more. */
  async #sweep(): Promise<void> {
    const needed = new Set(this.#images.flatMap(({ blobs }) => blobs.map((digest) => digest.replace(':', '-'))));
    for (const name of await readdir(this.#blobs)) {
      if (!needed.has(name)) await rm(join(this.#blobs, name), { force: true });
    }
  }

  #pathOf(digest: string): string {
    return receivedPath(this.#blobs, digest);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

async function readList(path: string, logger: Logger): Promise<readonly KeptImage[]> {
  try {
    return KeptImages.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw new UsherError('INTERNAL', { detail: `${path} cannot be read: ${messageOf(error)}` }, { cause: error });
  } finally {
    logger.debug({ path }, 'read the list of images');
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function diskError(error: unknown, path: string): UsherError {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT'))
    return new UsherError('DISK_FULL', { what: 'the images', path }, { cause: error });
  return asUsherError(error);
}

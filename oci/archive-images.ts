import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { UsherError } from '../foundation/errors.ts';
import { printable } from '../foundation/text.ts';
import { fullName, parseImageName } from './core/image-name.ts';
import { isIndex, isManifest, isRunnable, platformText } from './core/image-list.ts';
import {
  DockerSave,
  ImageConfig,
  ImageIndex,
  ImageManifest,
  MEDIA_TYPE,
  NAME_ANNOTATION,
  OciLayout,
  REF_ANNOTATION,
  type Descriptor,
} from './core/schemas.ts';
import type { ReceivedFile } from './archive-reader.ts';

/** What is at hand of an archive while it is checked. */
export interface ArchiveContent {
  readonly files: ReadonlyMap<string, ReceivedFile>;
  /** Size of a blob that was received or that the site has already. */
  sizeOf(digest: string): Promise<number | undefined>;
  /** Text of a document. @throws UsherError OCI_ARCHIVE_INVALID when it is too large for one */
  read(digest: string): Promise<string>;
  /** Keeps a document that was made for the archive; gives its digest. */
  add(text: string): Promise<string>;
}

/** An image of an archive, checked: every blob is there and of the size that was promised. */
export interface CheckedImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly platforms: string[];
  readonly bytes: number;
  readonly blobs: string[];
}

/** Nested indexes are rare; endless ones are an attack. */
const MOST_DEPTH = 3;

/**
 * The images of an archive, whichever of the two layouts it has.
 * @param name what to call the only image of the archive
 * @throws UsherError OCI_NOT_AN_ARCHIVE, OCI_ARCHIVE_INVALID, OCI_NAME_MISSING, OCI_NAME_INVALID, OCI_PLATFORM_UNSUPPORTED
 */
export async function imagesOf(content: ArchiveContent, name?: string): Promise<CheckedImage[]> {
  const roots = await rootsOf(content);
  if (roots.length === 0) throw new UsherError('OCI_ARCHIVE_INVALID', { detail: 'there is no image in it' });
  if (name !== undefined && new Set(roots.map(({ descriptor }) => descriptor.digest)).size > 1)
    throw new UsherError('OCI_NAME_INVALID', { name: `${printable(name, 64)} (for ${roots.length} images)` });
  const images = new Map<string, CheckedImage>();
  for (const { descriptor, named } of roots) {
    const full = fullName(parseImageName(name ?? nameOf(named)));
    images.set(full, await checkImage(content, full, descriptor));
  }
  return [...images.values()];
}

interface Root {
  readonly descriptor: Descriptor;
  readonly named: string | undefined;
}

async function rootsOf(content: ArchiveContent): Promise<Root[]> {
  const { files } = content;
  const index = files.get('index.json');
  if (index !== undefined && files.has('oci-layout')) {
    await documentOf(content, OciLayout, files.get('oci-layout')?.digest ?? '', 'oci-layout');
    const { manifests } = await documentOf(content, ImageIndex, index.digest, 'index.json');
    return manifests.map((descriptor) => ({
      descriptor,
      named: descriptor.annotations?.[NAME_ANNOTATION] ?? descriptor.annotations?.[REF_ANNOTATION],
    }));
  }
  const docker = files.get('manifest.json');
  if (docker !== undefined) return dockerRoots(content, docker.digest);
  throw new UsherError('OCI_NOT_AN_ARCHIVE', { detail: 'it has neither index.json with oci-layout nor manifest.json' });
}

/** Makes OCI manifests for what docker save wrote: its layers are plain tars, named by no digest. */
async function dockerRoots(content: ArchiveContent, digest: string): Promise<Root[]> {
  const roots: Root[] = [];
  for (const { Config, RepoTags, Layers } of await documentOf(content, DockerSave, digest, 'manifest.json')) {
    const config = received(content, Config);
    const { rootfs } = await documentOf(content, ImageConfig, config.digest, Config);
    const layers = Layers.map((path, index) => {
      const { digest: layer, bytes } = received(content, path);
      if (rootfs.diff_ids[index] !== layer) throw new UsherError('OCI_DIGEST_MISMATCH', { path: printable(path, 128) });
      return { mediaType: MEDIA_TYPE.layer, digest: layer, size: bytes };
    });
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: { mediaType: MEDIA_TYPE.config, digest: config.digest, size: config.bytes },
      layers,
    });
    const made = { mediaType: MEDIA_TYPE.manifest, digest: await content.add(text), size: Buffer.byteLength(text) };
    const names = RepoTags ?? [];
    if (names.length === 0) roots.push({ descriptor: made, named: undefined });
    roots.push(...names.map((named) => ({ descriptor: made, named })));
  }
  return roots;
}

function received({ files }: ArchiveContent, path: string): ReceivedFile {
  const file = files.get(path);
  if (file === undefined)
    throw new UsherError('OCI_ARCHIVE_INVALID', { detail: `${printable(path, 128)} is missing in it` });
  return file;
}

/** A tag alone (skopeo and buildah write that) is no name. */
function nameOf(named: string | undefined): string {
  if (named === undefined || named === '')
    throw new UsherError('OCI_NAME_MISSING', { detail: 'no annotation names it' });
  if (!/[/:]/.test(named))
    throw new UsherError('OCI_NAME_MISSING', { detail: `it has only the tag ${printable(named, 64)}` });
  return named;
}

async function checkImage(content: ArchiveContent, name: string, root: Descriptor): Promise<CheckedImage> {
  const walk = new ImageWalk(content);
  await walk.visit(root, 0);
  const runnable = [...walk.platforms].filter(isRunnable);
  if (runnable.length === 0) {
    const platforms = [...walk.platforms].join(', ') || 'no platform that is complete';
    throw new UsherError('OCI_PLATFORM_UNSUPPORTED', { name, platforms: printable(platforms, 128) });
  }
  const { digest, mediaType } = root;
  const bytes = [...walk.blobs.values()].reduce((sum, size) => sum + size, 0);
  return { name, digest, mediaType, platforms: runnable.sort(), bytes, blobs: [...walk.blobs.keys()] };
}

/** Goes from an image's root to all its blobs. */
class ImageWalk {
  readonly blobs = new Map<string, number>();
  readonly platforms = new Set<string>();
  readonly #content: ArchiveContent;

  constructor(content: ArchiveContent) {
    this.#content = content;
  }

  async visit(descriptor: Descriptor, depth: number): Promise<void> {
    if (depth > MOST_DEPTH) throw new UsherError('OCI_ARCHIVE_INVALID', { detail: 'its indexes do not end' });
    await this.#need(descriptor);
    if (isIndex(descriptor.mediaType)) {
      const { manifests } = await this.#read(ImageIndex, descriptor);
      // docker save and others leave out the platforms they do not have; a node of such a one is told so when it pulls.
      for (const each of manifests) if (await this.#isHere(each)) await this.visit(each, depth + 1);
    } else if (isManifest(descriptor.mediaType)) {
      await this.#visitManifest(descriptor);
    } else {
      const what = printable(descriptor.mediaType, 128);
      throw new UsherError('OCI_ARCHIVE_INVALID', { detail: `${what} is no kind of image` });
    }
  }

  async #visitManifest(descriptor: Descriptor): Promise<void> {
    const { config, layers } = await this.#read(ImageManifest, descriptor);
    for (const each of [config, ...layers]) await this.#need(each);
    // Beside images there are attestations, which nobody runs.
    const { os, architecture } = descriptor.platform ?? {};
    if (os === 'unknown' || layers.some(({ mediaType }) => mediaType.includes('in-toto'))) return;
    const { rootfs, ...platform } = await this.#read(ImageConfig, config);
    if (rootfs.diff_ids.length !== layers.length)
      throw new UsherError('OCI_ARCHIVE_INVALID', { detail: 'an image has other layers than its configuration says' });
    if (architecture !== undefined && platformText(platform) !== `${String(os)}/${architecture}`)
      throw new UsherError('OCI_ARCHIVE_INVALID', { detail: 'an image is for another platform than its index says' });
    this.platforms.add(platformText(platform));
  }

  async #isHere({ digest }: Descriptor): Promise<boolean> {
    return (await this.#content.sizeOf(digest)) !== undefined;
  }

  async #need({ digest, size }: Descriptor): Promise<void> {
    const found = await this.#content.sizeOf(digest);
    if (found === undefined)
      throw new UsherError('OCI_ARCHIVE_INVALID', { detail: `the blob ${digest} is missing in it` });
    if (found !== size) throw new UsherError('OCI_DIGEST_MISMATCH', { path: digest });
    this.blobs.set(digest, size);
  }

  #read<T>(schema: z.ZodType<T>, { digest }: Descriptor): Promise<T> {
    return documentOf(this.#content, schema, digest, digest);
  }
}

async function documentOf<T>(content: ArchiveContent, schema: z.ZodType<T>, digest: string, what: string): Promise<T> {
  const parsed = schema.safeParse(parseJson(await content.read(digest)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const detail = `${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
  throw new UsherError('OCI_ARCHIVE_INVALID', { detail: printable(detail, 200) }, { cause: parsed.error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema says what is wrong.
    return undefined;
  }
}

/** Digest of a document. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

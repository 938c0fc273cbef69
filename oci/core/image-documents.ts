import { IMAGE_USER, type Architecture, type ImageDescription } from './image-description.ts';
import { MEDIA_TYPE, NAME_ANNOTATION, REF_ANNOTATION, type Descriptor } from './schemas.ts';

/** A layer as it was written. */
export interface Layer {
  /** Digest of what is stored, `sha256:…`. */
  readonly digest: string;
  readonly size: number;
  /** Digest of the tar in it. */
  readonly diffId: string;
  /** What it holds, for the image's history. */
  readonly what: string;
}

export interface ConfigOptions {
  readonly description: ImageDescription;
  readonly architecture: Architecture;
  readonly layers: readonly Layer[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The beginning of time: an image says what it is made of, not when. */
const CREATED = '1970-01-01T00:00:00Z';

/** image-spec v1.1, config.md, as JSON. */
export function imageConfig({ description, architecture, layers, labels }: ConfigOptions): string {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', NODE_ENV: 'production', ...description.env };
  return JSON.stringify({
    created: CREATED,
    architecture,
    os: 'linux',
    config: {
      User: `${IMAGE_USER}:${IMAGE_USER}`,
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: description.command,
      WorkingDir: '/',
      Labels: Object.fromEntries(Object.entries(labels).sort()),
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ what }) => ({ created: CREATED, created_by: what })),
  });
}

/** image-spec v1.1, manifest.md, as JSON. */
export function imageManifest(config: Pick<Descriptor, 'digest' | 'size'>, layers: readonly Layer[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: { mediaType: MEDIA_TYPE.config, ...config },
    layers: layers.map(({ digest, size }) => ({ mediaType: MEDIA_TYPE.layerGzip, digest, size })),
  });
}

/** The index of one image over its architectures, as JSON (image-spec v1.1, image-index.md). */
export function platformIndex(
  manifests: readonly { architecture: Architecture; digest: string; size: number }[],
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: manifests.map(({ architecture, digest, size }) => ({
      mediaType: MEDIA_TYPE.manifest,
      digest,
      size,
      platform: { architecture, os: 'linux' },
    })),
  });
}

/** `index.json` of an archive with these images. */
export function archiveIndex(images: readonly { name: string; digest: string; size: number }[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: images.map(({ name, digest, size }) => ({
      mediaType: MEDIA_TYPE.index,
      digest,
      size,
      annotations: { [NAME_ANNOTATION]: name, [REF_ANNOTATION]: name.slice(name.lastIndexOf(':') + 1) },
    })),
  });
}

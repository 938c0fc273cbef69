import { z } from 'zod';

/** Media types of OCI image-spec v1.1 and, where other tools still write them, of Docker's image manifest v2. */
export const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

/** containerd's annotation of an index entry: the image's whole name. */
export const NAME_ANNOTATION = 'io.containerd.image.name';
export const REF_ANNOTATION = 'org.opencontainers.image.ref.name';

const MOST_ENTRIES = 256;
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const mediaType = z.string().max(255);
const Annotations = z.record(z.string().max(255), z.string().max(4096));
const Platform = z.object({
  architecture: z.string().max(32),
  os: z.string().max(32),
  variant: z.string().max(32).optional(),
});
export type Platform = z.infer<typeof Platform>;

/** image-spec, descriptor.md. */
export const Descriptor = z.object({
  mediaType,
  digest: Digest,
  size: z.int().nonnegative(),
  annotations: Annotations.optional(),
  platform: Platform.optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** image-spec, image-layout.md: the file `oci-layout`. */
export const OciLayout = z.object({ imageLayoutVersion: z.string().regex(/^1\./) });

/** image-spec, image-index.md; also Docker's manifest list. */
export const ImageIndex = z.object({
  schemaVersion: z.literal(2),
  mediaType: mediaType.optional(),
  manifests: z.array(Descriptor).max(MOST_ENTRIES),
});
export type ImageIndex = z.infer<typeof ImageIndex>;

/** image-spec, manifest.md; also Docker's image manifest v2. */
export const ImageManifest = z.object({
  schemaVersion: z.literal(2),
  mediaType: mediaType.optional(),
  config: Descriptor,
  layers: z.array(Descriptor).max(MOST_ENTRIES),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

/** What of an image's configuration (image-spec, config.md) matters to a site. */
export const ImageConfig = z.object({
  ...Platform.shape,
  rootfs: z.object({ type: z.literal('layers'), diff_ids: z.array(Digest).max(MOST_ENTRIES) }),
});
export type ImageConfig = z.infer<typeof ImageConfig>;

/** `manifest.json` of what docker save wrote before it wrote OCI layouts (Docker image specification v1.2). */
export const DockerSave = z
  .array(
    z.object({
      Config: z.string().max(255),
      RepoTags: z.array(z.string().max(512)).max(MOST_ENTRIES).nullish(),
      Layers: z.array(z.string().max(255)).max(MOST_ENTRIES),
    }),
  )
  .min(1)
  .max(MOST_ENTRIES);
export type DockerSave = z.infer<typeof DockerSave>;

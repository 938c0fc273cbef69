import { z } from 'zod';
import { Digest, MEDIA_TYPE, type Platform } from './schemas.ts';

/** An image of the site, as its API shows it. */
export const SiteImage = z.object({
  /** `host/repository:tag`: what a pod writes. */
  name: z.string().max(255).meta({ description: 'What a pod writes: host/repository:tag' }),
  digest: Digest,
  /** For instance `linux/arm64`. */
  platforms: z.array(z.string().max(64)).max(64),
  bytes: z.int().nonnegative().meta({ description: 'Of all its parts; images share parts' }),
  loadedAt: z.iso.datetime(),
});
export type SiteImage = z.infer<typeof SiteImage>;

/** What the store keeps of an image besides its blobs. */
export const KeptImage = SiteImage.extend({
  mediaType: z.string().max(255),
  /** Every blob it needs, itself too. */
  blobs: z.array(Digest).max(4096),
});
export type KeptImage = z.infer<typeof KeptImage>;

/** The images of a site, as the API works with them. */
export interface SiteImages {
  list(): Promise<SiteImage[]>;
  /**
   * Takes in an archive: an OCI image layout or what docker save writes, as a tar or a gzipped one. Nothing of it counts
   * until all of it was checked.
   * @param name what to call the image of an archive that does not say it, or has one image
   * @throws UsherError OCI_NOT_AN_ARCHIVE, OCI_ARCHIVE_INVALID, OCI_DIGEST_MISMATCH, OCI_TOO_LARGE, OCI_NAME_MISSING,
   *   OCI_NAME_INVALID, OCI_PLATFORM_UNSUPPORTED, DISK_FULL
   */
  load(archive: AsyncIterable<Uint8Array>, name?: string): Promise<SiteImage[]>;
  /** Takes an image off the site; nodes that have it keep it. @throws UsherError OCI_IMAGE_UNKNOWN */
  remove(name: string): Promise<void>;
}

/** Platforms that a node can have. */
const RUNNABLE = ['linux/amd64', 'linux/arm64', 'linux/arm'];

/** `os/architecture`; a variant (arm v7) is no matter here. */
export function platformText({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

export function isRunnable(platform: string): boolean {
  return RUNNABLE.includes(platform);
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.dockerIndex;
}

export function isManifest(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.manifest || mediaType === MEDIA_TYPE.dockerManifest;
}

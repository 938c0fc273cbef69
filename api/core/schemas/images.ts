import { z } from 'zod';
import { SiteImage } from '../../../oci/core/image-list.ts';

export { SiteImage };

/** GET /api/v1/oci/images, and the reply to loading an archive: those that were in it. */
export const SiteImageList = z.object({ items: z.array(SiteImage) });
export type SiteImageList = z.infer<typeof SiteImageList>;

/** Query of POST /api/v1/oci/images. */
export const LoadImagesQuery = z.object({
  name: z.string().max(255).optional().describe('What to call the image, when the archive has one and does not say'),
});

/** Media types of an archive: a tar, or a gzipped one. What it really is, its content says. */
export const ARCHIVE_TYPES = ['application/x-tar', 'application/gzip', 'application/octet-stream'] as const;

import { Router } from 'express';
import type { SiteImages } from '../../../oci/core/image-list.ts';
import { LoadImagesQuery, type SiteImageList } from '../../core/schemas/images.ts';
import { takeTime } from '../body-deadline.ts';
import { auditDetails } from '../people/request-actor.ts';
import { queryOf } from '../request-body.ts';

/** An upload that makes no progress for so long is given up. */
const STALLED_MS = 60_000;

/** The images of a site that has none. */
export const NO_IMAGES: SiteImages = {
  list: () => Promise.resolve([]),
  load: () => Promise.resolve([]),
  remove: () => Promise.resolve(),
};

/** Container images: listed, loaded from an archive that is the request's body, removed. */
export function imageRoutes(images: SiteImages): Router {
  const router = Router();
  router.get('/oci/images', async (_request, response) => {
    response.json({ items: await images.list() } satisfies SiteImageList);
  });
  router.post('/oci/images', async (request, response) => {
    const { name } = queryOf(request, LoadImagesQuery);
    takeTime(response, STALLED_MS);
    const items = await images.load(request, name);
    auditDetails(response, { to: items.map((image) => `${image.name} ${image.digest}`).join(', ') });
    response.status(201).json({ items } satisfies SiteImageList);
  });
  router.delete('/oci/images/:name', async (request, response) => {
    auditDetails(response, { target: request.params.name });
    await images.remove(request.params.name);
    response.status(204).end();
  });
  return router;
}

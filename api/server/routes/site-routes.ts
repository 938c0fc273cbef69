import { Router } from 'express';
import type { SiteView } from '../../core/schemas.ts';
import type { Access } from '../access.ts';
import type { EventHub } from '../event-hub.ts';
import type { LiveModel } from '../live-model.ts';

/** The site as a whole, and the stream of what happens on it. */
export function siteRoutes(site: () => SiteView, model: LiveModel, hub: EventHub, access: Access): Router {
  const router = Router();
  router.get('/site', (_request, response) => {
    response.json(site());
  });
  router.get('/events', (request, response) => {
    const caller = access.callerOf(request);
    const isAllowed = (): boolean => caller !== undefined && access.isStillAllowed(caller);
    hub.open(request, response, () => model.snapshot(), isAllowed);
  });
  return router;
}

import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { IdentifyRequest } from '../../core/schemas/identify.ts';
import type { Identifier } from '../identifier.ts';
import type { LiveModel } from '../live-model.ts';
import { bodyOf } from '../request-body.ts';

/** Which of these boards is it? */
export function identifyRoutes(model: LiveModel, identifier: Identifier): Router {
  const router = Router();
  router.post('/devices/:id/identify', async (request, response) => {
    const { seconds } = bodyOf(request, IdentifyRequest);
    const { id, shortId } = findDevice(model.rows(), request.params.id);
    if (model.index.device(id) === undefined && model.index.candidate(id) === undefined) {
      throw new UsherError('DEVICE_WITHOUT_KEY', { id: shortId });
    }
    const nodeName = model.index.sources(id)?.node?.metadata.name;
    response.json(await identifier.show({ deviceId: id, shortId, nodeName }, seconds));
  });
  return router;
}

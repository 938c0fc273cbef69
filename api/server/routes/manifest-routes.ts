import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import {
  ManifestFormat,
  ManifestImport,
  ManifestText,
  type ManifestOutcome,
  type ManifestPreview,
} from '../../core/schemas/manifests.ts';
import { fileBodies } from '../json-bodies.ts';
import type { LiveModel } from '../live-model.ts';
import { ManifestDesk } from '../manifest/manifest-desk.ts';
import { livingBoards } from '../people/living-board.ts';
import { auditDetails } from '../people/request-actor.ts';
import { bodyOf } from '../request-body.ts';

const MEDIA_TYPES: Readonly<Record<ManifestFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  yaml: 'application/yaml; charset=utf-8',
};

/** Files of claims: previewed, imported, exported. To be mounted before the routes of single claims. */
export function manifestRoutes(model: LiveModel, kube: KubeClient): Router {
  const router = Router();
  const desk = new ManifestDesk(model, kube);
  router.post('/claims/preview', fileBodies(), (request, response) => {
    response.json(desk.preview(bodyOf(request, ManifestText)) satisfies ManifestPreview);
  });
  router.post('/claims/import', fileBodies(), async (request, response) => {
    const outcome = await desk.import(bodyOf(request, ManifestImport), livingBoards(model, response));
    const { created, changed, left } = outcome;
    auditDetails(response, { to: `${created} claims made, ${changed} changed, ${left.length} rows left out` });
    response.json(outcome satisfies ManifestOutcome);
  });
  router.get('/claims/export', (request, response) => {
    const { success, data } = ManifestFormat.safeParse(request.query['format'] ?? 'csv');
    if (!success) throw new UsherError('REQUEST_INVALID', { detail: 'format: csv or yaml' });
    response.setHeader('content-disposition', `attachment; filename="claims.${data}"`);
    response.type(MEDIA_TYPES[data]).send(desk.export(data));
  });
  return router;
}

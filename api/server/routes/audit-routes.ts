import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import { AuditQuery } from '../../core/schemas.ts';
import type { AuditLog } from '../people/audit-log.ts';
import { queryOf } from '../request-body.ts';

/** Who did what to which device. */
export function auditRoutes(audit: AuditLog): Router {
  const router = Router();
  router.get('/audit', async (request, response) => {
    response.json(await audit.list(queryOf(request, AuditQuery)));
  });
  router.get('/audit/verification', async (_request, response) => {
    response.json(await audit.verify());
  });
  router.get('/audit/export', async (_request, response) => {
    const paths = await audit.files();
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    response.setHeader('content-disposition', 'attachment; filename="usher-audit.jsonl"');
    for (const path of paths) await pipeline(createReadStream(path), response, { end: false });
    response.end();
  });
  return router;
}

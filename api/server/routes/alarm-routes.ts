import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import type { AlarmList } from '../../core/schemas.ts';
import { alarmViews, type AlarmSource } from '../alarms.ts';

const MAX_SHOWN_ID = 100;

/** What a person must judge. */
export function alarmRoutes(alarms: AlarmSource): Router {
  const router = Router();
  router.get('/alarms', (_request, response) => {
    response.json({ items: alarmViews(alarms) } satisfies AlarmList);
  });
  router.delete('/alarms/:id', async (request, response) => {
    const { id } = request.params;
    if (!(await alarms.acknowledge(id))) throw new UsherError('ALARM_UNKNOWN', { id: printable(id, MAX_SHOWN_ID) });
    response.status(204).end();
  });
  return router;
}

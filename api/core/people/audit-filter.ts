import type { AuditEntry, AuditQuery } from '../schemas.ts';

/** Whether an entry is one of those that a query asks for; its limit is another matter. */
export function isAsked(entry: AuditEntry, query: AuditQuery): boolean {
  const { actor, action, device, from, to, cursor } = query;
  const atMs = Date.parse(entry.ts);
  return (
    (cursor === undefined || entry.seq < cursor) &&
    (actor === undefined || entry.actor.id === actor || entry.actor.type === actor) &&
    (action === undefined || entry.action === action) &&
    (device === undefined || entry.deviceId?.startsWith(device) === true) &&
    (from === undefined || atMs >= Date.parse(from)) &&
    (to === undefined || atMs <= Date.parse(to))
  );
}

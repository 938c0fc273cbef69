import { z } from 'zod';
import { printable } from '../../../foundation/text.ts';
import type { AuditDetails } from './request-actor.ts';

/** What is known of the device that a text means. */
export type DeviceOf = (text: string) => AuditDetails;

/** Fields that say on what something is done. No other field of a body is looked at: it may hold a password. */
const FIELDS = ['name', 'device', 'with', 'kind'] as const;
const Named = z.object(Object.fromEntries(FIELDS.map((field) => [field, z.string().optional().catch(undefined)])));
const MAX_TEXT = 128;

/** On what somebody tried to do something that he may not do: what the path names, else what the body names. */
export function triedOn(body: unknown, params: Readonly<Record<string, string>>, deviceOf: DeviceOf): AuditDetails {
  const said = Named.safeParse(body).data ?? {};
  const inPath = Object.values(params)[0];
  const inBody = FIELDS.flatMap((field) => said[field] ?? [])[0];
  const device = deviceOf(inPath ?? said['device'] ?? '');
  return {
    ...device,
    ...(inPath === undefined && inBody !== undefined ? { target: printable(inBody, MAX_TEXT) } : {}),
  };
}

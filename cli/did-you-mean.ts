import type { ApiClient } from '../api/client/api-client.ts';
import { isUsherError, UsherError } from '../foundation/errors.ts';
import { nearest } from '../foundation/nearest.ts';
import { safe } from './output.ts';

/** What a command line named, by kind. */
export interface Named {
  device?: string;
  /** A second device. */
  other?: string;
  claim?: string;
  alarm?: string;
}

/** The error, with what was probably meant in its remedy when something was named that does not exist. */
export async function withSuggestion(error: unknown, named: Named, client: () => ApiClient): Promise<unknown> {
  if (!isUsherError(error, 'DEVICE_UNKNOWN', 'CLAIM_UNKNOWN', 'ALARM_UNKNOWN')) return error;
  const found = await suggestions(error, named, client());
  if (found.length === 0) return error;
  const { code, message, remedy } = error;
  const meant = `Did you mean ${found.map((name) => safe(name)).join(' or ')}?`;
  return Object.assign(new UsherError(code, {}, { cause: error }), { message, remedy: `${meant} ${remedy}` });
}

async function suggestions({ code, message }: UsherError, named: Named, client: ApiClient): Promise<string[]> {
  try {
    if (code === 'CLAIM_UNKNOWN')
      return nearest(
        named.claim ?? '',
        (await client.claims()).map(({ name }) => name),
      );
    if (code === 'ALARM_UNKNOWN')
      return nearest(
        named.alarm ?? '',
        (await client.alarms()).map(({ id }) => id),
      );
    const rows = await client.devices();
    const names = rows.flatMap(({ shortId, nodeName, claim }) => [shortId, nodeName ?? shortId, claim ?? shortId]);
    return [named.device, named.other].flatMap((text) =>
      text !== undefined && message.includes(text) ? nearest(text, names) : [],
    );
  } catch (error) {
    // What is missing stays the news; the suggestion was a courtesy.
    if (isUsherError(error)) return [];
    throw error;
  }
}

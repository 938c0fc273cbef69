import type { ErrorReply } from '../api/core/schemas.ts';

/** What the appliance said when it refused: shown as it is, with its remedy. */
export type Refusal = ErrorReply['error'] & {
  /** Said by the page itself, in the reader's language. */
  own?: 'unreachable' | 'ended' | 'notBuilt';
};

/** A reply, or the refusal in its place; nothing is thrown. */
export type Reply<T> = { ok: true; body: T } | { ok: false; status: number; refusal: Refusal };

/** Longer than the appliance itself lets a request take. */
const LIMIT_MS = 35_000;

const UNREACHABLE: Refusal = { code: 'APPLIANCE_UNREACHABLE', message: '', remedy: '', own: 'unreachable' };

/**
 * One JSON request to the appliance that served this page. `csrfToken` is needed for every change; `ifMatch` is the
 * `version` of what the reader saw, so that nothing is swapped under the click.
 */
export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  csrfToken?: string,
  ifMatch?: string,
): Promise<Reply<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csrfToken === undefined ? {} : { 'x-usher-csrf': csrfToken }),
        ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
      },
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok && isFile(response)) return { ok: true, body: (await response.blob()) as T };
    const reply: unknown = response.status === 204 ? undefined : await response.json();
    if (response.ok) return { ok: true, body: reply as T };
    const { error } = reply as ErrorReply;
    const refusal: Refusal = error.code === 'ROUTE_UNKNOWN' ? { ...error, own: 'notBuilt' } : error;
    return { ok: false, status: response.status, refusal };
  } catch {
    return { ok: false, status: 0, refusal: UNREACHABLE };
  }
}

/** Whether it answered with a file to be saved; everything else is JSON. */
function isFile(response: Response): boolean {
  return response.headers.has('content-disposition');
}

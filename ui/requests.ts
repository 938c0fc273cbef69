import type { ErrorReply } from '../api/core/schemas.ts';

/** What the appliance said when it refused: shown as it is, with its remedy. */
export type Refusal = ErrorReply['error'];

/** A reply, or the refusal in its place; nothing is thrown. */
export type Reply<T> = { ok: true; body: T } | { ok: false; status: number; refusal: Refusal };

/** Longer than the appliance itself lets a request take. */
const LIMIT_MS = 35_000;

const UNREACHABLE: Refusal = {
  code: 'APPLIANCE_UNREACHABLE',
  message: 'The appliance does not answer',
  remedy: 'Check the network between this browser and the appliance, then try again.',
};

/** One JSON request to the appliance that served this page. `csrfToken` is needed for every change. */
export async function request<T>(method: string, path: string, body?: unknown, csrfToken?: string): Promise<Reply<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csrfToken === undefined ? {} : { 'x-usher-csrf': csrfToken }),
      },
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const reply: unknown = response.status === 204 ? undefined : await response.json();
    if (response.ok) return { ok: true, body: reply as T };
    return { ok: false, status: response.status, refusal: (reply as ErrorReply).error };
  } catch {
    return { ok: false, status: 0, refusal: UNREACHABLE };
  }
}

import { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js';
import { type ErrorParams, messageOf, UsherError } from '../../foundation/errors.ts';

/** What a request was about, for the error message. */
export interface RequestSubject {
  kind: string;
  name: string;
}

/** An answer of the API server that is not 2xx. */
export interface RefusedAnswer {
  status: number;
  /** Usually a meta/v1 Status as JSON; a proxy may answer anything. */
  body: string;
  headers: Record<string, string>;
}

interface StatusBody {
  reason?: string;
  message?: string;
}

/** The UsherError for an answer of the API server, with the client library's exception as `cause`. */
export function refusalToError(answer: RefusedAnswer, subject: RequestSubject): UsherError {
  const { reason, message } = parseStatus(answer.body);
  const detail = message ?? (answer.body.slice(0, 500) || 'no reason given');
  const cause = new ApiException(answer.status, detail, answer.body, answer.headers);
  const params: ErrorParams = { ...subject, detail, status: answer.status };
  switch (answer.status) {
    case 404:
      return new UsherError('KUBE_NOT_FOUND', params, { cause });
    case 409:
      return new UsherError(reason === 'AlreadyExists' ? 'KUBE_ALREADY_EXISTS' : 'KUBE_CONFLICT', params, { cause });
    case 403:
      return new UsherError('KUBE_FORBIDDEN', params, { cause });
    case 422:
      return new UsherError('KUBE_INVALID', params, { cause });
    default:
      return new UsherError('KUBE_FAILED', params, { cause });
  }
}

/** The UsherError for a request that got no answer at all. */
export function unreachableError(error: unknown): UsherError {
  return error instanceof UsherError
    ? error
    : new UsherError('KUBE_UNREACHABLE', { detail: detailOf(error) }, { cause: error });
}

/** True for the answer (as error) of a watch or list whose resourceVersion is too old: relist. */
export function isExpired(error: unknown): boolean {
  return error instanceof UsherError && error.code === 'KUBE_FAILED' && error.params['status'] === 410;
}

/** undici wraps what went wrong on the socket; the innermost message says the most. */
function detailOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  if (innermost instanceof AggregateError && innermost.errors.length > 0) return messageOf(innermost.errors[0]);
  return messageOf(innermost);
}

function parseStatus(body: string): StatusBody {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

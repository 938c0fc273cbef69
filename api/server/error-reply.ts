import type { ErrorRequestHandler, Request } from 'express';
import { UsherError, type ErrorBody } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { printable } from '../../foundation/text.ts';
import type { ErrorReply } from '../core/schemas.ts';
import { localsOf } from './people/request-actor.ts';

/** Largest JSON body of the operators' API. */
export const MAX_BODY_BYTES = 64 * 1024;
const MAX_TEXT = 1000;
const MAX_LOGGED_PATH = 200;

/**
 * Turns whatever a handler threw into the reply, and logs it: the one place for both. What is not a UsherError is told
 * to nobody but the log.
 */
export function errorReply(logger: Logger): ErrorRequestHandler {
  // Express tells error handlers by their four parameters.
  return (thrown: unknown, request, response, next) => {
    const error = translate(thrown);
    localsOf(response).errorCode = error.code;
    log(logger, error, request);
    if (response.headersSent) {
      // Too late for a reply: Express then closes the connection.
      next(error);
      return;
    }
    const retryAfter = error.params['retryAfterSec'];
    if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
    response
      .status(error.http)
      .setHeader('cache-control', 'no-store')
      .json({ error: tame(error.toBody()) } satisfies ErrorReply);
  };
}

/** Errors name what was asked for: that may be long, and act on the terminal it is shown on. */
function tame({ code, message, remedy }: ErrorBody): ErrorBody {
  return { code, message: oneLine(message), remedy: oneLine(remedy) };
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, ' '), MAX_TEXT);
}

function translate(thrown: unknown): UsherError {
  if (thrown instanceof UsherError) return thrown;
  const { type, status, limit = MAX_BODY_BYTES } = describe(thrown);
  if (type === 'entity.too.large') return new UsherError('REQUEST_TOO_LARGE', { limitBytes: limit }, { cause: thrown });
  if (status !== undefined && status >= 400 && status < 500) {
    const detail = type === 'entity.parse.failed' ? 'the body is not JSON' : 'it is malformed';
    return new UsherError('REQUEST_INVALID', { detail }, { cause: thrown });
  }
  return new UsherError('INTERNAL', { detail: 'the log of the appliance says what' }, { cause: thrown });
}

/** What Express and its body parser say about an error they made. */
function describe(thrown: unknown): { type?: string; status?: number; limit?: number } {
  if (typeof thrown !== 'object' || thrown === null) return {};
  return {
    ...('type' in thrown && typeof thrown.type === 'string' ? { type: thrown.type } : {}),
    ...('status' in thrown && typeof thrown.status === 'number' ? { status: thrown.status } : {}),
    ...('limit' in thrown && typeof thrown.limit === 'number' ? { limit: thrown.limit } : {}),
  };
}

function log(logger: Logger, error: UsherError, request: Request): void {
  const path = printable(request.path, MAX_LOGGED_PATH);
  const fields = { code: error.code, method: request.method, path, ip: request.ip };
  if (error.http >= 500) logger.error({ ...fields, err: error.cause ?? error }, 'request failed');
  else logger.info({ ...fields, reason: oneLine(error.message) }, 'request refused');
}

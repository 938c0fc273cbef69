import type { RequestHandler, Response } from 'express';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';

/** What is kept in `response.locals`. */
interface Locals {
  cancelBodyDeadline?: CancelTimer;
}

/** A body that has not arrived after so long ends its connection, unless its route takes the time it needs. */
export function bodyDeadline(clock: Clock, limitMs: number): RequestHandler {
  return (request, response, next) => {
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
      next();
      return;
    }
    const cancel = clock.after(limitMs, () => {
      if (!request.complete) request.destroy();
    });
    const locals: Locals = response.locals;
    locals.cancelBodyDeadline = cancel;
    response.once('close', cancel);
    next();
  };
}

/** For a route whose body may take long: only a body that stops for `stalledMs` ends its connection. */
export function takeTime(response: Response, stalledMs: number): void {
  const locals: Locals = response.locals;
  locals.cancelBodyDeadline?.();
  response.req.setTimeout(stalledMs, () => response.req.destroy());
}

import type { Request } from 'express';
import { UsherError } from '../../foundation/errors.ts';

/** A version as a strong entity tag (RFC 9110, section 8.8.3). */
export function etagOf(version: string): string {
  return `"${version}"`;
}

/**
 * Holds a request to its If-Match (RFC 9110, section 13.1.1); one without passes.
 * @param version of what is there now
 * @param what for the message
 * @throws UsherError PRECONDITION_FAILED
 */
export function checkIfMatch(request: Request, version: string | undefined, what: string): void {
  const given = request.get('if-match');
  if (given === undefined || given.trim() === '*') return;
  const isMatch = version !== undefined && given.split(',').some((tag) => tag.trim() === etagOf(version));
  if (!isMatch) throw new UsherError('PRECONDITION_FAILED', { what });
}

/**
 * As {@link checkIfMatch}, and a browser must say what its reader saw, so that nothing is swapped under the click.
 * Programs name what they mean by an id that cannot become another one.
 * @throws UsherError PRECONDITION_FAILED, PRECONDITION_NEEDED
 */
export function demandIfMatch(request: Request, version: string | undefined, what: string): void {
  const isBrowser = request.get('authorization') === undefined;
  if (isBrowser && request.get('if-match') === undefined) throw new UsherError('PRECONDITION_NEEDED', { what });
  checkIfMatch(request, version, what);
}

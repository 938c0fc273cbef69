import type { UsherError } from '../foundation/errors.ts';

/** Exit codes of `usher`, as its help documents them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, conflict: 4, unreachable: 5 } as const;

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  an error; stderr names its code and what to do
  2  the command line was not understood
  3  what was named does not exist
  4  conflict: it exists already, or is in a state that forbids this
  5  no appliance answers`;

/** The exit code for an error. */
export function exitCodeOf(error: UsherError): number {
  if (error.code === 'APPLIANCE_UNREACHABLE' || error.code === 'APPLIANCE_NOT_FOUND') return EXIT.unreachable;
  if (error.code === 'USAGE') return EXIT.usage;
  if (error.http === 404 || error.code === 'TOKEN_UNKNOWN') return EXIT.notFound;
  return error.http === 409 ? EXIT.conflict : EXIT.failed;
}

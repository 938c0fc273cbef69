/** What may be said of an error that nobody expected: where it happened, and nothing of what was in its hands. */
export interface CrashReport {
  /** Name of its class, and its code if it has one. */
  readonly what: string;
  /** Places in the code, innermost first. */
  readonly frames: readonly string[];
  readonly cause?: CrashReport;
}

const NAME = /^\w{1,64}$/;
const FRAME = /^\s*at (?:[^()]{1,200} \()?[^()\s]{1,300}:\d+:\d+\)?$/;
const MOST_FRAMES = 20;
const MOST_CAUSES = 3;

/**
 * The report of a crash. Messages and fields of errors are left out: whoever made the error may have put anything in them,
 * a request with its headers for instance.
 */
export function crashReport(thrown: unknown, causesLeft = MOST_CAUSES): CrashReport {
  if (!(thrown instanceof Error)) return { what: `a thrown ${typeof thrown}`, frames: [] };
  const code = 'code' in thrown && typeof thrown.code === 'string' && NAME.test(thrown.code) ? ` ${thrown.code}` : '';
  const what = `${NAME.test(thrown.name) ? thrown.name : 'Error'}${code}`;
  const report = { what, frames: framesOf(thrown) };
  return thrown.cause === undefined || causesLeft === 0
    ? report
    : { ...report, cause: crashReport(thrown.cause, causesLeft - 1) };
}

/** The stack begins with the message, which may have lines that look like frames. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message);
  const trace = message === '' || at < 0 ? stack : stack.slice(at + message.length);
  return trace
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.trim());
}

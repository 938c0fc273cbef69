/** When a certificate is valid, milliseconds since the epoch. */
export interface Life {
  fromMs: number;
  toMs: number;
}

/** After one failure; doubled with each further one. Let's Encrypt counts five failed validations of a name per hour. */
const FIRST_RETRY_MS = 120_000;
const LONGEST_RETRY_MS = 3_600_000;
/** Doubling further would only make the number large. */
const MOST_DOUBLINGS = 10;

/**
 * When to order the next certificate: when a third of this one's life is left, or up to a tenth of that third earlier, so
 * that the appliances of a company do not all come at once.
 * @param jitter from 0 (included) to 1
 */
export function renewalAtMs({ fromMs, toMs }: Life, jitter: number): number {
  const thirdMs = (toMs - fromMs) / 3;
  return toMs - thirdMs - (jitter * thirdMs) / 10;
}

/**
 * How long to wait after so many failures in a row: two minutes at first, an hour at most, a quarter more or less.
 * @param jitter from 0 (included) to 1
 */
export function retryDelayMs(failures: number, jitter: number): number {
  const doublings = Math.min(Math.max(failures - 1, 0), MOST_DOUBLINGS);
  return Math.min(FIRST_RETRY_MS * 2 ** doublings, LONGEST_RETRY_MS) * (0.75 + jitter / 2);
}

/**
 * The moment that a Retry-After header names (RFC 9110, section 10.2.3: seconds, or a date); undefined when it names none.
 */
export function retryAfterToMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const atMs = /^\d{1,9}$/.test(text) ? nowMs + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}

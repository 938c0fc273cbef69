import { CATALOGUE, type CatalogueEntry, type ErrorCode } from './error-catalogue.ts';

/** Values for the `{placeholders}` of a catalogue message. */
export type ErrorParams = Readonly<Record<string, string | number>>;

/** An error as it crosses an API, lands in a status field or is shown on a console. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** The only error type the product throws: a permanent code, a message made from the catalogue, and a remedy. */
export class UsherError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly remedy: string;
  /** HTTP status used when the error crosses an API. */
  readonly http: number;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    const entry: CatalogueEntry = CATALOGUE[code];
    super(fill(entry.message, params), options);
    this.name = 'UsherError';
    this.code = code;
    this.params = params;
    this.remedy = fill(entry.remedy, params);
    this.http = entry.http;
  }

  /** The part that may be shown to anyone who is told about the error at all. */
  toBody(): ErrorBody {
    return { code: this.code, message: this.message, remedy: this.remedy };
  }
}

/** True when `error` is ours and has one of `codes` (any code when none is given). */
export function isUsherError(error: unknown, ...codes: ErrorCode[]): error is UsherError {
  return error instanceof UsherError && (codes.length === 0 || codes.includes(error.code));
}

/** `error` itself when it is ours; otherwise an INTERNAL one that keeps it as cause. */
export function asUsherError(error: unknown): UsherError {
  return error instanceof UsherError
    ? error
    : new UsherError('INTERNAL', { detail: messageOf(error) }, { cause: error });
}

/** True when `error` is a system error of one of those names: `ENOENT`, `EEXIST`. */
export function hasErrno(error: unknown, ...errnos: string[]): boolean {
  const code = error instanceof Error && !isUsherError(error) && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && errnos.includes(code);
}

/** The message of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').trim();
}

function fill(template: string, params: ErrorParams): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : String(value);
  });
}

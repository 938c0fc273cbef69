import type { Logger } from '../foundation/logger.ts';

/** One JSON object a line, as log shippers read it; `debug` lines are left out. */
export function jsonLogger(write: (line: string) => void, always: object = {}): Logger {
  const log = (level: string, fields: object, msg: string): void => {
    write(`${JSON.stringify({ level, time: new Date().toISOString(), ...always, ...fields, msg }, plain)}\n`);
  };
  return {
    debug: () => undefined,
    info: (fields, message) => log('info', fields, message),
    warn: (fields, message) => log('warn', fields, message),
    error: (fields, message) => log('error', fields, message),
    child: (fields) => jsonLogger(write, { ...always, ...fields }),
  };
}

/** Errors have no fields of their own that JSON would show. */
function plain(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}

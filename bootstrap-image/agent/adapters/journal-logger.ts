import type { Logger } from '../../../foundation/logger.ts';
import { escapedControls, withoutControls } from '../../../foundation/text.ts';

/** The priorities journald reads from the start of a line (sd-daemon(3)). */
const PRIORITY = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** Lines for the journal: priority, message, fields as JSON. `debug` lines are left out unless asked for. */
export function journalLogger(write: (line: string) => void, debug: boolean, always: object = {}): Logger {
  const log = (level: keyof typeof PRIORITY, fields: object, message: string): void => {
    const all = { ...always, ...fields };
    const data = Object.keys(all).length === 0 ? '' : ` ${escapedControls(JSON.stringify(all))}`;
    write(`<${PRIORITY[level]}>${withoutControls(message, () => ' ')}${data}\n`);
  };
  return {
    debug: (fields, message) => {
      if (debug) log('debug', fields, message);
    },
    info: (fields, message) => log('info', fields, message),
    warn: (fields, message) => log('warn', fields, message),
    error: (fields, message) => log('error', fields, message),
    child: (fields) => journalLogger(write, debug, { ...always, ...fields }),
  };
}

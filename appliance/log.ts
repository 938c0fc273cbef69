import type { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '../foundation/logger.ts';
import { escapedControls } from '../foundation/text.ts';

/**
 * Structured JSON lines: constant messages, data as fields. Secrets print themselves as `***`.
 * @param destination where the lines go; standard error by default
 */
export function createLogger(level: 'debug' | 'info' | 'warn' | 'error', destination?: Writable): Logger {
  return pino(
    {
      level,
      base: { app: 'usher' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // A second net below the Secret type, for fields that a foreign object may carry.
      redact: {
        paths: [
          'token',
          '*.token',
          'password',
          '*.password',
          'nodePassword',
          '*.nodePassword',
          'authorization',
          '*.authorization',
        ],
        censor: '***',
      },
      // JSON leaves what is above U+007F as it is, and some of that turns texts round or clears a terminal.
      hooks: { streamWrite: escapedControls },
      serializers: { error: pino.stdSerializers.errWithCause, err: pino.stdSerializers.errWithCause },
    },
    destination ?? pino.destination({ dest: 2, sync: false }),
  );
}

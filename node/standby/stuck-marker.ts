import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { hasErrno, messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { isThere, type ProcessName } from './process-state.ts';

const MarkerSchema = z.array(z.object({ pid: z.number().int().positive(), start: z.string() }));

export interface StuckMarkerOptions {
  /** In a folder that does not outlast a reset of the machine. */
  readonly path: string;
  readonly proc?: string;
  readonly logger: Logger;
}

/**
 * Which processes the machine is to be reset for, told to the standby after this one: it knows of no kill, and would pet the
 * watchdog. All of it is done at once, as with the watchdog.
 */
export class StuckMarker {
  readonly #options: StuckMarkerOptions;
  #text: string | undefined;

  constructor(options: StuckMarkerOptions) {
    this.#options = options;
  }

  /** Whether any of those that were written down is still there. When none is, it is removed. */
  holds(): boolean {
    const names = this.#read();
    if (names === 'none') return false;
    if (names === 'unknown' || names.some((name) => isThere(name, this.#options.proc ?? '/proc'))) return true;
    this.#attempt(() => rmSync(this.#options.path, { force: true }));
    this.#text = undefined;
    return false;
  }

  write(names: readonly ProcessName[]): void {
    const { path } = this.#options;
    const text = JSON.stringify(names);
    if (names.length === 0 || text === this.#text) return;
    this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
      this.#text = text;
    });
  }

  #read(): readonly ProcessName[] | 'none' | 'unknown' {
    const { path, logger } = this.#options;
    try {
      const parsed = MarkerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
      return parsed.success ? parsed.data : [];
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return 'none';
      logger.warn({ detail: messageOf(error) }, 'what does not end cannot be read');
      // Nobody wrote that.
      return error instanceof SyntaxError ? [] : 'unknown';
    }
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.logger.error({ detail: messageOf(error) }, 'what does not end cannot be written down');
    }
  }
}

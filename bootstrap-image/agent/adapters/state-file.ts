import type { Logger } from '../../../foundation/logger.ts';
import { FRESH_STATE, LocalState } from '../core/local-state.ts';
import { writeDurably } from './durable-file.ts';
import { readText } from './read-file.ts';

/** The state kept across starts; a fresh one when there is none or it cannot be understood. */
export async function readState(path: string, logger: Logger): Promise<LocalState> {
  const text = await readText(path);
  if (text === undefined) return FRESH_STATE;
  const parsed = LocalState.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  logger.warn({ path }, 'the state file is not valid: starting over');
  return FRESH_STATE;
}

/** Keeps the state; when this returns it survives a power cut. */
export async function writeState(path: string, state: LocalState): Promise<void> {
  await writeDurably(path, `${JSON.stringify(state)}\n`, 0o600);
}

/** The parsed text, or undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

import type { DeviceView } from '../api/core/schemas.ts';
import { nameProblem } from './label-rules.ts';
import type { Messages } from './messages/en.ts';

type Board = Pick<DeviceView, 'id' | 'shortId' | 'serial' | 'macs'>;

export interface PatternName {
  name: string;
  /** What is wrong with it, in words. */
  problem: string | undefined;
}

/**
 * A name for each board by a pattern: `{n}` counts on and leaves out names that are taken, `{n2}` and `{n3}` with leading
 * zeros; `{serial}` (its last 8), `{mac6}` and `{id}` are of the board.
 */
export function namesByPattern(
  pattern: string,
  boards: readonly Board[],
  taken: ReadonlySet<string>,
  m: Messages,
): PatternName[] {
  const used = new Set(taken);
  const counts = /\{n[23]?\}/.test(pattern);
  let number = 0;
  return boards.map((board) => {
    let name: string;
    do {
      number += 1;
      name = filled(pattern, board, number);
    } while (counts && used.has(name));
    const problem = name.includes('{')
      ? m.dialogs.bulk.missing
      : used.has(name)
        ? taken.has(name)
          ? m.rules.taken(name)
          : m.dialogs.bulk.doubled(name)
        : nameProblem(name, m);
    used.add(name);
    return { name, problem };
  });
}

/** What the board has not said stays a gap: `{serial}`. */
function filled(pattern: string, board: Board, number: number): string {
  const mac6 = board.macs[0]?.replaceAll(':', '').slice(-6);
  const parts: Record<string, string | undefined> = {
    n: String(number),
    n2: String(number).padStart(2, '0'),
    n3: String(number).padStart(3, '0'),
    serial: board.serial?.slice(-8).toLowerCase(),
    mac6: mac6?.toLowerCase(),
    id: board.id.startsWith('mac:') ? undefined : board.shortId,
  };
  return pattern.replaceAll(/\{(n[23]?|serial|mac6|id)\}/g, (gap, key: string) => parts[key] ?? gap);
}

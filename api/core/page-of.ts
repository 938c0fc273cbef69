import { UsherError } from '../../foundation/errors.ts';

/** What of a list is asked for: all of it, or at most `limit` items behind those that an earlier reply ended with. */
export interface PageQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** Where to go on; absent when nothing is left. */
  nextCursor?: string;
}

/**
 * A part of a list in the order of `keyOf`. The cursor names the last item that was given, by its key: what comes or goes
 * meanwhile shifts nothing.
 * @param keyOf of printable ASCII, its own for each item
 * @throws UsherError REQUEST_INVALID when the cursor is none
 */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, cursor }: PageQuery,
): Page<Item> {
  const keyed = items.map((item) => ({ item, key: keyOf(item) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const after = cursor === undefined ? undefined : keyOfCursor(cursor);
  const left = after === undefined ? keyed : keyed.filter(({ key }) => key > after);
  const given = left.slice(0, limit);
  const last = given.at(-1);
  const isMore = given.length < left.length && last !== undefined;
  return { items: given.map(({ item }) => item), ...(isMore ? { nextCursor: btoa(last.key) } : {}) };
}

function keyOfCursor(cursor: string): string {
  try {
    return atob(cursor);
  } catch (error) {
    throw new UsherError('REQUEST_INVALID', { detail: 'cursor: it is not one of this list' }, { cause: error });
  }
}

/** A map from a string to a set of strings; keys without members take no room. */
export class MultiMap {
  readonly #sets = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? EMPTY;
  }

  add(key: string, member: string): void {
    const members = this.#sets.get(key);
    if (members === undefined) this.#sets.set(key, new Set([member]));
    else members.add(member);
  }

  remove(key: string, member: string): void {
    const members = this.#sets.get(key);
    members?.delete(member);
    if (members?.size === 0) this.#sets.delete(key);
  }
}

const EMPTY: ReadonlySet<string> = new Set();

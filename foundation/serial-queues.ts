/** One queue for each key: tasks of one key run one after the other, those of different keys side by side. */
export class SerialQueues {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `task` when all earlier tasks of `key` have ended, however they ended. */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const earlier = this.#tails.get(key) ?? Promise.resolve();
    const result = earlier.then(task, task);
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return result;
  }

  /** Resolves when all tasks that are queued now have ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

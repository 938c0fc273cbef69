/** Longest wait where no frame is drawn: a page in the background keeps up too. */
const HIDDEN_MS = 250;

/** Gathers what comes and hands it over once per frame, however much it is. */
export class FrameQueue<T> {
  readonly #handle: (items: readonly T[]) => void;
  #items: T[] = [];
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(handle: (items: readonly T[]) => void) {
    this.#handle = handle;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#frame ??= requestAnimationFrame(() => this.#flush());
    this.#timer ??= setTimeout(() => this.#flush(), HIDDEN_MS);
  }

  /** Forgets what waits. */
  clear(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = undefined;
    this.#timer = undefined;
    this.#items = [];
  }

  #flush(): void {
    const items = this.#items;
    this.clear();
    if (items.length > 0) this.#handle(items);
  }
}

/**
 * A value that must never be printed. Every ordinary way of turning it into text (`String`, template literals, JSON,
 * `console.log`, `util.inspect`, structured logs) gives `***`; only {@link Secret.reveal} gives the value, so that the
 * places where a secret leaves are found by one search.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it only where the secret is handed to its one rightful receiver. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  /** Node's `util.inspect`, named by its registered symbol so that this file needs no `node:` import. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

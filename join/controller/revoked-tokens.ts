import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Device } from '../../k8s/core/resources.ts';
import type { EnrolTokens } from '../core/ports.ts';

export interface RevokedTokensOptions {
  readonly tokens?: Pick<EnrolTokens, 'list' | 'onRevoked'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 10_000;

/**
 * The enrol tokens that were revoked: evidence that rests on one counts no more until its device has joined. They are
 * read at each start, so that it does not matter when the last process ended.
 */
export class RevokedTokens {
  readonly #options: RevokedTokensOptions;
  readonly #ids = new Set<string>();
  readonly #handlers = new Set<(tokenId: string) => void>();
  #unsubscribe: () => void = () => undefined;
  #cancelRetry: CancelTimer | undefined;

  constructor(options: RevokedTokensOptions) {
    this.#options = options;
  }

  /** Begins to listen, and reads those that there are; tries again by itself when that fails. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#options.tokens?.onRevoked((tokenId) => this.#add(tokenId)) ?? this.#unsubscribe;
    await this.#read();
  }

  stop(): void {
    this.#unsubscribe();
    this.#cancelRetry?.();
  }

  /** Calls back with each one as it becomes known. Returns the unsubscribe. */
  onChange(handler: (tokenId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Whether the device's evidence is to be withdrawn. One that had joined ever is known by more than its token. */
  bearOn({ spec: { evidence }, status }: Device): boolean {
    const { tokenId, withdrawnAt } = evidence;
    if (tokenId === undefined || withdrawnAt !== undefined || !this.#ids.has(tokenId)) return false;
    return status?.nodeRef === undefined && status?.join?.joinedAt === undefined;
  }

  async #read(): Promise<void> {
    const { tokens, clock, logger } = this.#options;
    try {
      for (const { tokenId, state } of (await tokens?.list()) ?? []) if (state === 'revoked') this.#add(tokenId);
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'the revoked enrol tokens are not known yet');
      this.#cancelRetry = clock.after(RETRY_MS, () => void this.#read());
    }
  }

  #add(tokenId: string): void {
    if (this.#ids.has(tokenId)) return;
    this.#ids.add(tokenId);
    for (const handler of this.#handlers) handler(tokenId);
  }
}

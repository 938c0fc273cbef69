import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { toRfc3339, type Clock } from '../../../foundation/clock.ts';
import { toCrockford } from '../../../foundation/crockford.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Random } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { printable } from '../../../foundation/text.ts';
import { Role } from '../../core/schemas.ts';
import type { ApiTokenView, NewApiToken } from '../../core/schemas.ts';
import type { SecretBook } from './secret-book.ts';

export const ApiTokenRecord = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  /** The user who made it, as that user was then; none when the console, the command line or the organisation's people did. */
  owner: z.object({ name: z.string(), handle: z.string() }).optional(),
  expiresAt: z.iso.datetime(),
});
type ApiTokenRecord = z.infer<typeof ApiTokenRecord>;

/** A user, and no later one of the same name. */
export type TokenOwner = NonNullable<ApiTokenRecord['owner']>;

/** Who makes a token. */
export interface TokenMaker {
  name: string;
  owner?: TokenOwner | undefined;
}

/** What is known of the program that showed a token. */
export type KnownToken = Pick<ApiTokenRecord, 'id' | 'role'>;

/** Finds the token that a request shows. */
export interface TokenSource {
  /** @param authorization the header `Authorization` (RFC 6750) */
  find(authorization: string): KnownToken | undefined;
  /** Whether it was neither revoked nor has expired, and whoever made it still could. */
  isAlive(id: string): boolean;
}

const ID_BYTES = 5;
/** 160 bits: nobody guesses it, so one round of SHA-256 is enough to keep it by. */
const SECRET_BYTES = 20;
const BEARER = /^Bearer usher_([0-9a-z]{8})_([0-9a-z]{32})$/;
const DEFAULT_LIFE_SEC = 90 * 86_400;
const NAME_LENGTH = 128;
const MOST_TOKENS = 1000;

export interface ApiTokensOptions {
  book: SecretBook<typeof ApiTokenRecord>;
  clock: Clock;
  random: Random;
  /** Whether this user is still there, and an admin. */
  isAdmin: (owner: TokenOwner) => boolean;
}

/**
 * Tokens for programs: each has one role and ends by itself. Only their hashes are kept. A token of a user is refused while
 * that user could not make it: nobody who was removed or demoted keeps a way in.
 */
export class ApiTokens implements TokenSource {
  readonly #options: ApiTokensOptions;
  /** In memory only: a write for each request would be too much. */
  readonly #lastUsedMs = new Map<string, number>();
  /** Revoked here, whether the watch has told of it or not. */
  readonly #revoked = new Set<string>();

  constructor(options: ApiTokensOptions) {
    this.#options = options;
  }

  find(authorization: string): KnownToken | undefined {
    const [, id, secret] = BEARER.exec(authorization) ?? [];
    if (id === undefined || secret === undefined || !this.isAlive(id)) return undefined;
    const record = this.#options.book.get(id);
    if (record === undefined || !timingSafeEqual(Buffer.from(record.sha256, 'hex'), hashOf(secret))) return undefined;
    this.#lastUsedMs.set(id, this.#options.clock.nowMs());
    return { id, role: record.role };
  }

  isAlive(id: string): boolean {
    const record = this.#options.book.get(id);
    return record !== undefined && !this.#revoked.has(id) && this.#stateOf(record) === 'usable';
  }

  list(): ApiTokenView[] {
    return this.#options.book.list().map((record) => this.#view(record));
  }

  /** @throws UsherError REQUEST_INVALID when there are too many, KUBE_* */
  async create(
    wanted: NewApiToken,
    { name: createdBy, owner }: TokenMaker,
  ): Promise<{ token: Secret; view: ApiTokenView }> {
    const { book, clock, random } = this.#options;
    if (book.list().length >= MOST_TOKENS) {
      throw new UsherError('REQUEST_INVALID', { detail: `there are ${MOST_TOKENS} API tokens; revoke some first` });
    }
    const nowMs = clock.nowMs();
    const id = toCrockford(random.bytes(ID_BYTES));
    const secret = toCrockford(random.bytes(SECRET_BYTES));
    const record: ApiTokenRecord = {
      id,
      name: printable(wanted.name, NAME_LENGTH),
      role: wanted.role,
      sha256: hashOf(secret).toString('hex'),
      createdAt: toRfc3339(nowMs),
      createdBy,
      ...(owner === undefined ? {} : { owner: { name: owner.name, handle: owner.handle } }),
      expiresAt: toRfc3339(nowMs + (wanted.expiresInSec ?? DEFAULT_LIFE_SEC) * 1000),
    };
    // An id of 40 bits that is taken is a fault of the random generator, not bad luck.
    if (!(await book.create(id, record))) throw new UsherError('INTERNAL', { detail: 'an id was given out twice' });
    return { token: new Secret(`usher_${id}_${secret}`), view: this.#view(record) };
  }

  /** @throws UsherError API_TOKEN_UNKNOWN, KUBE_* */
  async revoke(id: string): Promise<void> {
    const { book } = this.#options;
    if (book.get(id) === undefined) throw new UsherError('API_TOKEN_UNKNOWN', { id: printable(id, 32) });
    this.#revoked.add(id);
    this.#lastUsedMs.delete(id);
    await book.remove(id);
  }

  #stateOf({ expiresAt, owner }: ApiTokenRecord): ApiTokenView['state'] {
    if (Date.parse(expiresAt) <= this.#options.clock.nowMs()) return 'expired';
    return owner === undefined || this.#options.isAdmin(owner) ? 'usable' : 'ownerless';
  }

  #view(record: ApiTokenRecord): ApiTokenView {
    const { id, name, role, createdAt, createdBy, expiresAt } = record;
    const lastUsedMs = this.#lastUsedMs.get(id);
    return {
      ...{ id, name, role, createdAt, createdBy, expiresAt },
      ...(lastUsedMs === undefined ? {} : { lastUsedAt: toRfc3339(lastUsedMs) }),
      state: this.#stateOf(record),
    };
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

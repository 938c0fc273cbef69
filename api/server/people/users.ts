import { z } from 'zod';
import { toRfc3339, type Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { Random } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { printable } from '../../../foundation/text.ts';
import { Role, type NewUser, type UserChange, type UserView } from '../../core/schemas.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { checkPassword, type Passwords } from './passwords.ts';
import type { SecretBook } from './secret-book.ts';

const timestamp = z.iso.datetime();

export const UserRecord = z.object({
  name: z.string(),
  role: Role,
  /** What authenticators know the user by: random, so that it tells nothing (WebAuthn level 3, section 14.6.1). */
  handle: z.string(),
  createdAt: timestamp,
  password: z.object({ hash: z.string(), changedAt: timestamp }),
  passkeys: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      publicKey: z.string(),
      counter: z.int(),
      transports: z.array(z.string()).optional(),
      host: z.string(),
      createdAt: timestamp,
    }),
  ),
});
export type UserRecord = z.infer<typeof UserRecord>;
export type UserBook = SecretBook<typeof UserRecord>;

export interface UsersOptions {
  book: UserBook;
  passwords: Passwords;
  clock: Clock;
  random: Random;
  /** Failures by address, shared with the other ways to sign in. */
  addresses: AttemptLimits;
  /** Failures by name. */
  accounts: AttemptLimits;
}

/** Names that mean somebody else in the audit log. */
const RESERVED = new Set(['console', 'cli', 'system']);
const HANDLE_BYTES = 16;
const MAX_NAME = 63;

/** The people who may sign in: their roles and how they prove who they are. */
export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  list(): UserView[] {
    return this.#options.book.list().map(viewOf);
  }

  hasAdmin(): boolean {
    return this.#options.book.list().some(({ role }) => role === 'admin');
  }

  /** Who the user of that name is now. */
  ownerOf(name: string): { name: string; handle: string } | undefined {
    const record = this.#options.book.get(name);
    return record === undefined ? undefined : { name, handle: record.handle };
  }

  /** Whether it is still the same user, and an admin. */
  isAdmin({ name, handle }: { name: string; handle: string }): boolean {
    const record = this.#options.book.get(name);
    return record?.handle === handle && record.role === 'admin';
  }

  /** Whether somebody has a passkey for the page under this host name. */
  hasPasskeyFor(host: string): boolean {
    return this.#options.book.list().some(({ passkeys }) => passkeys.some((key) => key.host === host));
  }

  /** @throws UsherError USER_EXISTS, USER_NAME_RESERVED, PASSWORD_UNSUITABLE, KUBE_* */
  async create({ name, role, password }: NewUser): Promise<UserView> {
    const { book, clock, random } = this.#options;
    if (RESERVED.has(name)) throw new UsherError('USER_NAME_RESERVED', { name });
    const now = toRfc3339(clock.nowMs());
    const record: UserRecord = {
      ...{ name, role, createdAt: now, passkeys: [] },
      handle: Buffer.from(random.bytes(HANDLE_BYTES)).toString('base64url'),
      password: await this.#passwordOf(name, password),
    };
    if (!(await book.create(name, record))) throw new UsherError('USER_EXISTS', { name });
    return viewOf(record);
  }

  /**
   * What an admin changes of somebody. Another password takes the passkeys away too: whoever got in by the old one may have
   * added his own.
   * @throws UsherError USER_UNKNOWN, LAST_ADMIN, PASSWORD_UNSUITABLE, KUBE_*
   */
  async change(name: string, { role, password }: UserChange): Promise<UserView> {
    this.#find(name);
    if (role !== undefined && role !== 'admin') this.#keepAnAdmin(name);
    const fresh = password === undefined ? undefined : await this.#passwordOf(name, password);
    const changed = await this.#options.book.change(name, (record) => ({
      ...record,
      ...(role === undefined ? {} : { role }),
      ...(fresh === undefined ? {} : { password: fresh, passkeys: [] }),
    }));
    if (changed === undefined) throw unknown(name);
    return viewOf(changed);
  }

  /** @throws UsherError USER_UNKNOWN, LAST_ADMIN, KUBE_* */
  async remove(name: string): Promise<void> {
    this.#find(name);
    this.#keepAnAdmin(name);
    if (!(await this.#options.book.remove(name))) throw unknown(name);
  }

  /**
   * Checks name and password. The answer is the same, after the same work, whether there is such a user or not.
   * @param address who tries
   * @throws UsherError PASSWORD_REFUSED, SIGN_IN_LIMITED, RATE_LIMITED
   */
  async signIn(typedName: string, password: string, address: string): Promise<{ name: string; role: Role }> {
    const { book, passwords, addresses, accounts } = this.#options;
    const name = printable(typedName.toLowerCase(), MAX_NAME);
    addresses.begin(address);
    accounts.begin(name);
    const before = book.get(name);
    const isGood = await passwords.verify(new Secret(password), before?.password.hash);
    // Removed or changed while the password was being checked: the newest counts.
    const record = book.get(name);
    if (!isGood || record === undefined || record.password.hash !== before?.password.hash) {
      throw new UsherError('PASSWORD_REFUSED');
    }
    addresses.succeed(address);
    accounts.succeed(name);
    return { name, role: record.role };
  }

  /** @throws UsherError PASSWORD_REFUSED, PASSWORD_UNSUITABLE, SIGN_IN_LIMITED, RATE_LIMITED, KUBE_* */
  async changeOwnPassword(name: string, present: string, next: string, address: string): Promise<void> {
    await this.signIn(name, present, address);
    const password = await this.#passwordOf(name, next);
    if ((await this.#options.book.change(name, (record) => ({ ...record, password }))) === undefined)
      throw unknown(name);
  }

  async #passwordOf(name: string, text: string): Promise<UserRecord['password']> {
    const { passwords, clock } = this.#options;
    const password = new Secret(text);
    checkPassword(password, name);
    return { hash: await passwords.hash(password), changedAt: toRfc3339(clock.nowMs()) };
  }

  #find(name: string): UserRecord {
    const record = this.#options.book.get(name);
    if (record === undefined) throw unknown(name);
    return record;
  }

  /** Not a matter of safety (the console's code always leads in), but of not locking oneself out by mistake. */
  #keepAnAdmin(name: string): void {
    const admins = this.#options.book.list().filter(({ role }) => role === 'admin');
    if (admins.length === 1 && admins[0]?.name === name) throw new UsherError('LAST_ADMIN', { name });
  }
}

function viewOf({ name, role, createdAt, password, passkeys }: UserRecord): UserView {
  return { name, role, createdAt, passwordChangedAt: password.changedAt, passkeys: passkeys.length };
}

function unknown(name: string): UsherError {
  return new UsherError('USER_UNKNOWN', { name: printable(name, MAX_NAME) });
}

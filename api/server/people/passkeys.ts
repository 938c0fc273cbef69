import { isIP } from 'node:net';
import type * as webauthn from '@simplewebauthn/server';
import { toRfc3339, type Clock } from '../../../foundation/clock.ts';
import { messageOf, UsherError } from '../../../foundation/errors.ts';
import type { Random } from '../../../foundation/random.ts';
import { printable } from '../../../foundation/text.ts';
import type { NewPasskey, PasskeyOptions, PasskeySignIn, PasskeyView, Role } from '../../core/schemas.ts';
import { Questions } from './questions.ts';
import type { UserBook, UserRecord } from './users.ts';

/** Where the page was opened: passkeys are bound to the host name, and made for this origin only. */
export interface PagePlace {
  /** Without port. */
  host: string;
  /** With scheme and port, as the browser says it. */
  origin: string;
}

export interface PasskeysOptions {
  book: UserBook;
  clock: Clock;
  random: Random;
  /** What authenticators show as the place that the key is for. */
  siteName: () => string;
}

/** EdDSA, ES256, RS256 (IANA COSE algorithms): what authenticators have. */
const ALGORITHMS = [-8, -7, -257];
const LIFE_MS = 5 * 60_000;
/** What a challenge is about; a new key is for a user, a sign-in for nobody in particular. */
const SIGN_IN = 'passkey';
const MOST_KEYS = 20;
const NAME_LENGTH = 64;
const MAX_DETAIL = 200;

/** Signing in by passkey (WebAuthn level 3): keys that authenticators hold, each for one host name. */
export class Passkeys {
  readonly #options: PasskeysOptions;
  readonly #questions: Questions;

  constructor(options: PasskeysOptions) {
    this.#options = options;
    this.#questions = new Questions({ ...options, lifeMs: LIFE_MS });
  }

  /** @throws UsherError OWN_USER_NEEDED */
  list(userName: string): PasskeyView[] {
    return this.#userOf(userName).passkeys.map(({ id, name, host, createdAt }) => ({ id, name, host, createdAt }));
  }

  /** Asks for a new key of a user. @throws UsherError OWN_USER_NEEDED, PASSKEY_NEEDS_NAME */
  async creationOptions(userName: string, { host }: PagePlace): Promise<PasskeyOptions> {
    const user = this.#userOf(userName);
    requireName(host);
    const { generateRegistrationOptions } = await load();
    const options = await generateRegistrationOptions({
      rpName: `Usher, ${this.#options.siteName()}`,
      rpID: host,
      userName,
      userID: new Uint8Array(Buffer.from(user.handle, 'base64url')),
      challenge: this.#questions.ask(newKeyOf(userName)),
      attestationType: 'none',
      supportedAlgorithmIDs: [...ALGORITHMS],
      excludeCredentials: user.passkeys.filter((key) => key.host === host).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      timeout: LIFE_MS,
    });
    return { ...options };
  }

  /** @throws UsherError PASSKEY_REFUSED, PASSKEY_NEEDS_NAME, OWN_USER_NEEDED, KUBE_* */
  async add(userName: string, { name, response }: NewPasskey, { host, origin }: PagePlace): Promise<PasskeyView> {
    requireName(host);
    const { verifyRegistrationResponse } = await load();
    const { registrationInfo } = await refusing(() =>
      verifyRegistrationResponse({
        // The library checks what it reads; the schema said only which fields there are.
        response: response as Parameters<typeof verifyRegistrationResponse>[0]['response'],
        expectedChallenge: (challenge) => this.#questions.answer(challenge, newKeyOf(userName)),
        expectedOrigin: origin,
        expectedRPID: host,
        requireUserVerification: true,
        supportedAlgorithmIDs: [...ALGORITHMS],
      }),
    );
    if (registrationInfo === undefined) throw new UsherError('PASSKEY_REFUSED', { detail: 'it proves nothing' });
    const { id, publicKey, counter, transports } = registrationInfo.credential;
    const now = toRfc3339(this.#options.clock.nowMs());
    const key: UserRecord['passkeys'][number] = {
      ...{ id, host, counter, createdAt: now, name: printable(name, NAME_LENGTH) },
      publicKey: Buffer.from(publicKey).toString('base64url'),
      ...(transports === undefined ? {} : { transports }),
    };
    const changed = await this.#options.book.change(userName, (user) => {
      const others = user.passkeys.filter((kept) => kept.id !== id);
      if (others.length >= MOST_KEYS) throw new UsherError('PASSKEY_REFUSED', { detail: 'there are too many of them' });
      return { ...user, passkeys: [...others, key] };
    });
    if (changed === undefined) throw new UsherError('OWN_USER_NEEDED');
    return { id, name: key.name, host, createdAt: now };
  }

  /** @throws UsherError PASSKEY_UNKNOWN, OWN_USER_NEEDED, KUBE_* */
  async remove(userName: string, id: string): Promise<void> {
    if (!this.#userOf(userName).passkeys.some((key) => key.id === id)) {
      throw new UsherError('PASSKEY_UNKNOWN', { id: printable(id, NAME_LENGTH) });
    }
    await this.#options.book.change(userName, (user) => ({
      ...user,
      passkeys: user.passkeys.filter((key) => key.id !== id),
    }));
  }

  /** Asks anybody to show a key; says nothing of which there are. @throws UsherError PASSKEY_NEEDS_NAME */
  async requestOptions({ host }: PagePlace): Promise<PasskeyOptions> {
    requireName(host);
    const { generateAuthenticationOptions } = await load();
    const challenge = this.#questions.ask(SIGN_IN);
    return {
      ...(await generateAuthenticationOptions({
        rpID: host,
        challenge,
        userVerification: 'required',
        timeout: LIFE_MS,
      })),
    };
  }

  /** Who showed the key. @throws UsherError PASSKEY_REFUSED, PASSKEY_NEEDS_NAME, KUBE_* */
  async signIn({ response }: PasskeySignIn, { host, origin }: PagePlace): Promise<{ name: string; role: Role }> {
    requireName(host);
    const { book } = this.#options;
    const user = book.list().find(({ passkeys }) => passkeys.some(({ id }) => id === response.id));
    const key = user?.passkeys.find(({ id }) => id === response.id);
    if (user === undefined || key?.host !== host)
      throw new UsherError('PASSKEY_REFUSED', { detail: 'nobody knows it' });
    const { verifyAuthenticationResponse } = await load();
    const { verified, authenticationInfo } = await refusing(() =>
      verifyAuthenticationResponse({
        response: response as Parameters<typeof verifyAuthenticationResponse>[0]['response'],
        expectedChallenge: (challenge) => this.#questions.answer(challenge, SIGN_IN),
        expectedOrigin: origin,
        expectedRPID: host,
        requireUserVerification: true,
        credential: {
          id: key.id,
          publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
          counter: key.counter,
        },
      }),
    );
    if (!verified) throw new UsherError('PASSKEY_REFUSED', { detail: 'its signature is not good' });
    const { newCounter: counter } = authenticationInfo;
    // Most passkeys count nothing and say 0.
    const after = counter === key.counter ? book.get(user.name) : await this.#count(user.name, key.id, counter);
    if (after === undefined) throw new UsherError('PASSKEY_REFUSED', { detail: 'its user is gone' });
    return { name: after.name, role: after.role };
  }

  /** @throws UsherError PASSKEY_REFUSED when another sign-in of the same key was counted meanwhile */
  async #count(userName: string, id: string, counter: number): Promise<UserRecord | undefined> {
    return await this.#options.book.change(userName, (user) => {
      const kept = user.passkeys.find((key) => key.id === id);
      if (kept === undefined || kept.counter >= counter)
        throw new UsherError('PASSKEY_REFUSED', { detail: 'its count is not new' });
      return { ...user, passkeys: user.passkeys.map((key) => (key.id === id ? { ...key, counter } : key)) };
    });
  }

  #userOf(name: string): UserRecord {
    const user = this.#options.book.get(name);
    if (user === undefined) throw new UsherError('OWN_USER_NEEDED');
    return user;
  }
}

function newKeyOf(userName: string): string {
  return `new passkey of ${userName}`;
}

function requireName(host: string): void {
  if (isIP(host) !== 0) throw new UsherError('PASSKEY_NEEDS_NAME', { host });
}

/** Whatever the library finds wrong with an answer is the answer's fault. */
async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof UsherError) throw error;
    throw new UsherError('PASSKEY_REFUSED', { detail: printable(messageOf(error), MAX_DETAIL) }, { cause: error });
  }
}

/** Loaded when the first passkey is used: it brings much along that most sites never need (ADR 10). */
function load(): Promise<typeof webauthn> {
  return import('@simplewebauthn/server');
}

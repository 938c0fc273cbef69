import type { Authorization, Client, ClientOptions } from 'acme-client';
import type { Clock } from '../../../../foundation/clock.ts';
import { isUsherError, messageOf, UsherError } from '../../../../foundation/errors.ts';
import type { Secret } from '../../../../foundation/secret.ts';
import { acmeTransport, type TransportOptions } from './acme-transport.ts';
import { ChallengeServer, type ChallengePlace } from './challenge-server.ts';

/** What is ordered. */
export interface AcmeOrder {
  /** Host names; the first becomes the certificate's common name where the server wants one. */
  names: readonly string[];
  /** The account is found by its key, and made when there is none. PEM. */
  accountKey: Secret;
  /** The key of the certificate, PEM. */
  key: Secret;
}

/** Issues certificates by RFC 8555. */
export interface AcmeIssuer {
  /** The directory, for people. */
  readonly url: string;
  /**
   * Places an order and answers its challenges.
   * @returns the certificate and what it was issued by, PEM
   * @throws UsherError ACME_DIRECTORY_AWAY, ACME_CHALLENGE_REFUSED, ACME_PORT_TAKEN, ACME_LIMITED, ACME_REFUSED
   */
  order(order: AcmeOrder, signal: AbortSignal): Promise<string>;
}

export interface AcmeIssuerOptions extends TransportOptions {
  /** Whom the server may write to. */
  email?: string | undefined;
  /** Where challenges are answered. */
  challenge: ChallengePlace;
  clock: Clock;
}

/** How often and how long to ask whether a challenge was seen. */
const POLLING = { backoffAttempts: 20, backoffMin: 1000, backoffMax: 5000 } satisfies Partial<ClientOptions>;

/**
 * The directory at `url`. The library is loaded with the first order. Its HTTP transport, the one thing in it that is
 * shared in the process, is replaced by one of our own while an order runs; so what this trusts, nothing else does.
 */
export function acmeIssuer(options: AcmeIssuerOptions): AcmeIssuer {
  const { url, challenge, email } = options;
  const order = async ({ names, accountKey, key }: AcmeOrder, signal: AbortSignal): Promise<string> => {
    const acme = await import('acme-client');
    const before = acme.axios.defaults.adapter;
    const transport = acmeTransport(options, signal);
    acme.axios.defaults.adapter = (config) => transport.send(config);
    try {
      const client = new acme.Client({ directoryUrl: url, accountKey: accountKey.reveal(), ...POLLING });
      await enter(client, email);
      const placed = await client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
      await prove(client, await client.getAuthorizations(placed), challenge);
      const [, request] = await acme.crypto.createCsr({ altNames: [...names] }, key.reveal());
      return await client.getCertificate(await client.finalizeOrder(placed, request));
    } catch (error) {
      if (isUsherError(error)) throw error;
      throw new UsherError('ACME_REFUSED', { url, detail: messageOf(error) }, { cause: error });
    } finally {
      if (before !== undefined) acme.axios.defaults.adapter = before;
      await transport.close();
    }
  };
  return { url, order };
}

/** Finds the account of the key, or makes one. Whoever runs an ACME server and names it agrees to its own terms. */
async function enter(client: Client, email: string | undefined): Promise<void> {
  const termsOfServiceAgreed = true;
  if (email !== undefined) {
    await client.createAccount({ termsOfServiceAgreed, contact: [`mailto:${email}`] });
    return;
  }
  try {
    // To an account that is there, the library sends what it was called with as an update; servers refuse an empty one.
    await client.createAccount({ onlyReturnExisting: true });
  } catch (error) {
    if (isUsherError(error)) throw error;
    await client.createAccount({ termsOfServiceAgreed });
  }
}

/** Answers the challenges of all names that are not known yet. @throws UsherError ACME_CHALLENGE_REFUSED */
async function prove(client: Client, authorizations: readonly Authorization[], place: ChallengePlace): Promise<void> {
  const open = authorizations.filter(({ status }) => status !== 'valid');
  if (open.length === 0) return;
  const server = await ChallengeServer.listen(place);
  try {
    // One after another: the first that fails says what is wrong, and costs one failed validation only.
    for (const authorization of open) await proveOne(client, authorization, server);
  } finally {
    await server.close();
  }
}

async function proveOne(client: Client, authorization: Authorization, server: ChallengeServer): Promise<void> {
  const name = authorization.identifier.value;
  const challenge = authorization.challenges.find(({ type }) => type === 'http-01');
  if (challenge === undefined) {
    throw new UsherError('ACME_CHALLENGE_REFUSED', { name, detail: 'the server offers no http-01 challenge' });
  }
  server.answer(challenge.token, await client.getChallengeKeyAuthorization(challenge));
  try {
    await client.completeChallenge(challenge);
    await client.waitForValidStatus(challenge);
  } catch (error) {
    if (isUsherError(error)) throw error;
    throw new UsherError('ACME_CHALLENGE_REFUSED', { name, detail: messageOf(error) }, { cause: error });
  }
}

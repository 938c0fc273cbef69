import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type * as oidc from 'openid-client';
import type { Agent } from 'undici';
import type { Clock } from '../../../foundation/clock.ts';
import { messageOf, UsherError } from '../../../foundation/errors.ts';
import type { Random } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { printable } from '../../../foundation/text.ts';
import { highestOf, ROLES } from '../../core/people/role.ts';
import type { Role } from '../../core/schemas.ts';
import { Questions } from './questions.ts';

const claimValues = z.array(z.string().min(1)).default([]);

/** The file of `--oidc-config` (YAML or JSON). */
export const OidcConfig = z.strictObject({
  /** Identifier of the provider; its metadata are at `<issuer>/.well-known/openid-configuration`. */
  issuer: z.url({ protocol: /^https$/ }),
  clientId: z.string().min(1),
  /** A file with the client's secret alone, mode 0600; without it the client is public and PKCE alone protects it. */
  clientSecretFile: z.string().optional(),
  /** The authority of the provider's certificate, PEM, when it is one of the organisation's own. */
  caFile: z.string().optional(),
  /** What the page calls this way to sign in. */
  name: z.string().min(1).max(64).default('Single sign-on'),
  scopes: z.array(z.string()).default(['openid', 'profile']),
  /** The claim that the name is taken from; else `sub`. */
  nameClaim: z.string().default('preferred_username'),
  /** The claim that says which roles somebody has: a text, or a list of texts. */
  roleClaim: z.string().default('groups'),
  /** Which values of it give which role; who has several gets the highest. */
  roles: z.strictObject({ viewer: claimValues, claimer: claimValues, admin: claimValues }),
  /** Where the provider sends browsers back to; default the host by which the page was opened. */
  redirectUrl: z.url({ protocol: /^https$/ }).optional(),
});
export type OidcConfig = z.infer<typeof OidcConfig>;

export interface OidcOptions {
  config: OidcConfig;
  clientSecret: Secret | undefined;
  clock: Clock;
  random: Random;
  /** Authorities that the provider's certificate may be of, PEM; default those that Node.js trusts. */
  caPem: string | undefined;
}

/** Who came back, and when the provider saw that person. */
export interface OidcPerson {
  name: string;
  role: Role;
  provenAtMs: number;
}

/** What a browser that was sent to the provider must come back with. */
interface Pending {
  verifier: string;
  state: string;
  nonce: string;
}

const LIFE_MS = 10 * 60_000;
const ABOUT = 'oidc';
const ABOUT_AGAIN = 'oidc again';
const MAX_NAME = 128;
const MAX_DETAIL = 300;
const TIMEOUT_MS = 10_000;
const CALLBACK = '/api/v1/session/oidc/callback';

/** The settings in a file, with what the files that it names hold. @throws UsherError CONFIG_INVALID */
export async function readOidcConfig(
  path: string,
): Promise<{ config: OidcConfig; clientSecret: Secret | undefined; caPem: string | undefined }> {
  try {
    const config = OidcConfig.parse(parse(await readFile(path, 'utf8')));
    const { clientSecretFile, caFile } = config;
    const text = clientSecretFile === undefined ? undefined : (await readFile(clientSecretFile, 'utf8')).trim();
    const caPem = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    return { config, clientSecret: text === undefined ? undefined : new Secret(text), caPem };
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UsherError('CONFIG_INVALID', { detail: `${path}: ${detail}` }, { cause: error });
  }
}

/** Signing in through an OpenID Connect provider: authorization code with PKCE, state and nonce (RFC 9700). */
export class Oidc {
  readonly name: string;
  readonly #options: OidcOptions;
  /** The cookie of a browser is the question that was asked; what else it must bring is derived from it. */
  readonly #questions: Questions;
  #agent: Agent | undefined;
  #provider: Promise<oidc.Configuration> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
    this.#questions = new Questions({ ...options, lifeMs: LIFE_MS });
    this.name = options.config.name;
  }

  /**
   * Where to send the browser, and the cookie that ties its way back to it.
   * @param origin of the page
   * @param again whether somebody who is signed in has to prove it anew: then the provider must ask, whatever it remembers
   * @throws UsherError OIDC_FAILED
   */
  async begin(origin: string, again = false): Promise<{ url: string; cookie: string; maxAgeSec: number }> {
    const { config } = this.#options;
    const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await load();
    const provider = await this.#find();
    const question = this.#questions.ask(again ? ABOUT_AGAIN : ABOUT);
    const { verifier, state, nonce } = this.#pendingOf(question);
    const url = buildAuthorizationUrl(provider, {
      redirect_uri: this.#redirectUrl(origin),
      scope: config.scopes.join(' '),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...(again ? { prompt: 'login' } : {}),
    });
    return { url: url.href, cookie: Buffer.from(question).toString('base64url'), maxAgeSec: LIFE_MS / 1000 };
  }

  /**
   * Who came back.
   * @param cookie of {@link begin}; it is good once
   * @param back where the browser came back to: the page's origin, and the query that the provider gave it
   * @throws UsherError OIDC_FAILED, OIDC_ROLE_MISSING
   */
  async finish(cookie: string | undefined, back: { origin: string; query: string }): Promise<OidcPerson> {
    const wasAsked = cookie !== undefined && this.#questions.answer(cookie, ABOUT_AGAIN);
    if (cookie === undefined || (!wasAsked && !this.#questions.answer(cookie, ABOUT))) {
      throw this.#failed('this browser did not ask to sign in, or too long ago');
    }
    const pending = this.#pendingOf(Buffer.from(cookie, 'base64url'));
    const claims = await this.#claims(pending, `${this.#redirectUrl(back.origin)}?${back.query}`);
    const { nameClaim, roleClaim, roles } = this.#options.config;
    const name = printable(textOf(claims[nameClaim]) ?? textOf(claims['sub']) ?? '', MAX_NAME);
    if (name === '') throw this.#failed('the provider does not say who it is');
    const has = valuesOf(claims[roleClaim]);
    const role = highestOf(ROLES.filter((one) => roles[one].some((value) => has.includes(value))));
    if (role === undefined) throw new UsherError('OIDC_ROLE_MISSING', { name });
    return { name, role, provenAtMs: this.#provenAtMs(claims['auth_time'], wasAsked) };
  }

  /**
   * When the provider saw the person: as it says (OpenID Connect Core, section 2), else when it was made to ask. One that
   * only knew the browser again proves nobody's presence.
   */
  #provenAtMs(authTimeSec: unknown, wasAsked: boolean): number {
    if (typeof authTimeSec === 'number' && Number.isFinite(authTimeSec)) return authTimeSec * 1000;
    return wasAsked ? this.#options.clock.nowMs() : 0;
  }

  async #claims(pending: Pending, cameTo: string): Promise<Readonly<Record<string, unknown>>> {
    const { authorizationCodeGrant, fetchUserInfo } = await load();
    const provider = await this.#find();
    try {
      const tokens = await authorizationCodeGrant(provider, new URL(cameTo), {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      const claims: Readonly<Record<string, unknown>> & { sub: string } = tokens.claims() ?? { sub: '' };
      if (claims[this.#options.config.roleClaim] !== undefined) return claims;
      // Many providers keep the ID token small and tell the rest here.
      if (provider.serverMetadata().userinfo_endpoint === undefined) return claims;
      return { ...(await fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      throw this.#failed(messageOf(error), error);
    }
  }

  /** The provider's metadata, asked for when somebody wants to sign in; a failure is not remembered. */
  async #find(): Promise<oidc.Configuration> {
    this.#provider ??= this.#discover();
    try {
      return await this.#provider;
    } catch (error) {
      this.#provider = undefined;
      throw this.#failed(messageOf(error), error);
    }
  }

  async #discover(): Promise<oidc.Configuration> {
    const { config, clientSecret, caPem } = this.#options;
    const { discovery, customFetch, None } = await load();
    const { Agent, fetch: fetchWith } = await import('undici');
    this.#agent ??= new Agent({ connect: { ...(caPem === undefined ? {} : { ca: caPem }), timeout: TIMEOUT_MS } });
    const dispatcher = this.#agent;
    const send: oidc.CustomFetch = async (url, { body, signal, ...options }) => {
      const sent = { ...options, body: body ?? null, signal: signal ?? null, dispatcher };
      const reply = await fetchWith(url, sent);
      // Node.js' own class, since the library asks for that one.
      return new Response(await reply.arrayBuffer(), { status: reply.status, headers: [...reply.headers] });
    };
    return await discovery(
      new URL(config.issuer),
      config.clientId,
      clientSecret?.reveal(),
      clientSecret === undefined ? None() : undefined,
      { [customFetch]: send },
    );
  }

  #failed(detail: string, cause?: unknown): UsherError {
    const { issuer } = this.#options.config;
    return new UsherError('OIDC_FAILED', { issuer, detail: printable(detail, MAX_DETAIL) }, { cause });
  }

  /** The cookie is bound to its host, so a browser comes back to the very origin that it began on. */
  #redirectUrl(origin: string): string {
    return this.#options.config.redirectUrl ?? `${origin}${CALLBACK}`;
  }

  #pendingOf(question: Uint8Array): Pending {
    const secretOf = (what: string): string => this.#questions.secretOf(question, what);
    return { verifier: secretOf('verifier'), state: secretOf('state'), nonce: secretOf('nonce') };
  }
}

function textOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

function valuesOf(claim: unknown): string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === 'string');
}

/** Loaded when somebody signs in this way (ADR 10). */
function load(): Promise<typeof oidc> {
  return import('openid-client');
}

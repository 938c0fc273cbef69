import { readFile } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
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

/** A browser that was sent to the provider and has not come back yet. */
interface Pending {
  verifier: string;
  state: string;
  nonce: string;
  redirectUrl: string;
  endsAtMs: number;
}

const LIFE_MS = 10 * 60_000;
const MOST_PENDING = 1024;
const TOKEN_BYTES = 32;
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
  readonly #pending = new LRUCache<string, Pending>({ max: MOST_PENDING });
  #agent: Agent | undefined;
  #provider: Promise<oidc.Configuration> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
    this.name = options.config.name;
  }

  /**
   * Where to send the browser, and the cookie that ties its way back to it.
   * @param origin of the page
   * @throws UsherError OIDC_FAILED
   */
  async begin(origin: string): Promise<{ url: string; cookie: string; maxAgeSec: number }> {
    const { config, clock } = this.#options;
    const { buildAuthorizationUrl, calculatePKCECodeChallenge } = await load();
    const provider = await this.#find();
    const [cookie, verifier, state, nonce] = [this.#text(), this.#text(), this.#text(), this.#text()];
    const redirectUrl = config.redirectUrl ?? `${origin}${CALLBACK}`;
    this.#pending.set(cookie, { verifier, state, nonce, redirectUrl, endsAtMs: clock.nowMs() + LIFE_MS });
    const url = buildAuthorizationUrl(provider, {
      redirect_uri: redirectUrl,
      scope: config.scopes.join(' '),
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, cookie, maxAgeSec: LIFE_MS / 1000 };
  }

  /**
   * Who came back.
   * @param cookie of {@link begin}; it is good once
   * @param query of the address that the provider sent the browser to
   * @throws UsherError OIDC_FAILED, OIDC_ROLE_MISSING
   */
  async finish(cookie: string | undefined, query: string): Promise<{ name: string; role: Role }> {
    const pending = cookie === undefined ? undefined : this.#pending.get(cookie);
    if (cookie !== undefined) this.#pending.delete(cookie);
    if (pending === undefined || pending.endsAtMs <= this.#options.clock.nowMs()) {
      throw this.#failed('this browser did not ask to sign in, or too long ago');
    }
    const claims = await this.#claims(pending, query);
    const { nameClaim, roleClaim, roles } = this.#options.config;
    const name = printable(textOf(claims[nameClaim]) ?? textOf(claims['sub']) ?? '', MAX_NAME);
    if (name === '') throw this.#failed('the provider does not say who it is');
    const has = valuesOf(claims[roleClaim]);
    const role = highestOf(ROLES.filter((one) => roles[one].some((value) => has.includes(value))));
    if (role === undefined) throw new UsherError('OIDC_ROLE_MISSING', { name });
    return { name, role };
  }

  async #claims(pending: Pending, query: string): Promise<Readonly<Record<string, unknown>>> {
    const { authorizationCodeGrant, fetchUserInfo } = await load();
    const provider = await this.#find();
    try {
      const tokens = await authorizationCodeGrant(provider, new URL(`${pending.redirectUrl}?${query}`), {
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

  #text(): string {
    return Buffer.from(this.#options.random.bytes(TOKEN_BYTES)).toString('base64url');
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

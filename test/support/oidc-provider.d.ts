/** The part of the package that the test uses; it brings no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  interface Account {
    accountId: string;
    claims: () => Record<string, unknown>;
  }

  interface ProviderOptions {
    clients: { client_id: string; client_secret: string; redirect_uris: string[] }[];
    claims: Record<string, string[]>;
    findAccount: (context: unknown, id: string) => Account;
    pkce: { required: () => boolean };
    ttl: Record<string, number>;
    jwks?: { keys: object[] };
  }

  export default class Provider {
    constructor(issuer: string, options: ProviderOptions);
    callback(): RequestListener;
  }
}

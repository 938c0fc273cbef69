import type { Request } from 'express';
import type { SignInWay } from '../../core/schemas.ts';
import { hostOf } from '../machine-names.ts';
import type { People } from './open-people.ts';
import type { PagePlace } from './passkeys.ts';

/** Where the browser has the page open; the name was found to be one of this machine before. */
export function placeOf(request: Request): PagePlace {
  const authority = request.get('host') ?? '';
  return { host: hostOf(authority) ?? '', origin: `https://${authority.toLowerCase()}` };
}

/** How one can sign in on the page that this browser has open. */
export function waysOf({ users, oidc }: Pick<People, 'users' | 'oidc'>, request: Request): SignInWay[] {
  return [
    'code',
    ...(users.list().length > 0 ? (['password'] as const) : []),
    ...(users.hasPasskeyFor(placeOf(request).host) ? (['passkey'] as const) : []),
    ...(oidc === undefined ? [] : (['oidc'] as const)),
  ];
}

import type { CatalogueEntry } from './entry.ts';

/** Users and programs: who they are and what they may do. */
export const PEOPLE_ERRORS = {
  ROLE_NEEDED: {
    http: 403,
    message: 'This needs the role {role}; yours is {yours}',
    remedy: 'Ask an admin of this appliance to do it, or for that role.',
  },
  ROLE_NEEDED_TO_REPLACE: {
    http: 403,
    message: 'Board {device} is alive as node {nodeName}: giving its place away needs the role admin; yours is {yours}',
    remedy:
      'Switch the old board off and repeat this when its node is not Ready, or ask an admin. A board in wrong hands is revoked instead.',
  },
  FRESH_SIGN_IN_NEEDED: {
    http: 403,
    message: 'This needs a sign-in of the last {minutes} minutes',
    remedy: 'Sign in again on this page, then repeat it.',
  },
  PERSON_NEEDED: {
    http: 403,
    message: 'A program with an API token may not do this',
    remedy: 'Do it on the page, or with usher on the appliance.',
  },
  PASSWORD_REFUSED: {
    http: 401,
    message: 'Name or password is wrong',
    remedy: 'Try again; an admin can set a new password with usher users passwd.',
  },
  SIGN_IN_LIMITED: {
    http: 429,
    message: 'Too many attempts to sign in failed; the next one counts in {minutes} min',
    remedy:
      'Wait, or sign in with a passkey or with a one-time code, which usher sign-in-code prints on the appliance; if that is refused too, this address must wait, an hour at most: use another one.',
  },
  PASSWORD_UNSUITABLE: {
    http: 400,
    message: 'This cannot be a password: {detail}',
    remedy: 'Choose another one; several words that do not belong together are easy to type and hard to guess.',
  },
  USER_UNKNOWN: {
    http: 404,
    message: 'There is no user {name}',
    remedy: 'usher users lists them.',
  },
  USER_EXISTS: {
    http: 409,
    message: 'There is a user {name} already',
    remedy: 'Choose another name, or change that user with usher users role or usher users passwd.',
  },
  USER_NAME_RESERVED: {
    http: 400,
    message: 'A user cannot be called {name}',
    remedy: 'Choose another name: the audit log uses this one for something else.',
  },
  LAST_ADMIN: {
    http: 409,
    message: '{name} is the only admin',
    remedy: 'Make another user admin first.',
  },
  OWN_USER_NEEDED: {
    http: 409,
    message: 'You are not signed in as a user of this appliance',
    remedy:
      'Sign in with name and password; whoever signed in with the one-time code or through the organisation has neither.',
  },
  SESSION_UNKNOWN: {
    http: 404,
    message: 'There is no such session',
    remedy: 'It has ended already; usher sessions lists those that have not.',
  },
  PASSKEY_NEEDS_NAME: {
    http: 409,
    message: 'Passkeys need a page that was opened by a name, not by the address {host}',
    remedy: 'Open the page as https://usher.local:8443, with a certificate that the browser trusts (/trust says how).',
  },
  PASSKEY_REFUSED: {
    http: 401,
    message: 'The passkey was not accepted: {detail}',
    remedy: 'Try again, or sign in with name and password.',
  },
  PASSKEY_UNKNOWN: {
    http: 404,
    message: 'There is no passkey {id} of yours',
    remedy: 'GET /api/v1/passkeys lists them.',
  },
  API_TOKEN_UNKNOWN: {
    http: 404,
    message: 'There is no API token {id}',
    remedy: 'usher api-tokens lists them.',
  },
  OIDC_NOT_SET_UP: {
    http: 404,
    message: 'This appliance knows no other place to sign in',
    remedy: 'Start it with --oidc-config, or sign in with name and password.',
  },
  OIDC_FAILED: {
    http: 502,
    message: 'Signing in through {issuer} failed: {detail}',
    remedy:
      'Try again; if it stays so, look at the log, and sign in with name and password or with usher sign-in-code.',
  },
  OIDC_ROLE_MISSING: {
    http: 403,
    message: '{name} has no role on this appliance',
    remedy: 'Put the user into one of the groups that the file of --oidc-config names.',
  },
  AUDIT_NOT_WRITTEN: {
    http: 503,
    message: 'The audit log cannot be written: {detail}',
    remedy:
      'Make room on the disk of the state folder. Until then nobody gets more rights by the page; what is left waits in memory.',
  },
  AUDIT_NOT_INTACT: {
    http: 500,
    message: 'The audit log is not as it was written: {detail}',
    remedy: 'Keep the files as they are, compare them with a copy, and find out who could write to the state folder.',
  },
} as const satisfies Record<string, CatalogueEntry>;

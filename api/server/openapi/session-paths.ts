import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation, parameter } from './operation.ts';

const SIGNED_IN = {
  ...{ signedIn: true, csrfToken: 'wq0Q…', way: 'password', ways: ['code', 'password'] },
  ...{ user: { name: 'anna', role: 'claimer' }, freshUntil: '2026-03-01T08:10:00Z' },
} satisfies schemas.SessionView;

/** Signing in and out. */
export function sessionPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/session': {
      get: operation({
        operationId: 'getSession',
        role: 'viewer',
        summary: 'Whether this browser is signed in, as whom, and how one can sign in',
        reply: schemas.SessionView,
        replyExample: SIGNED_IN,
        open: true,
      }),
      post: operation({
        operationId: 'signIn',
        role: 'viewer',
        summary: 'Sign in with a one-time code, or with name and password',
        request: schemas.SignIn,
        requestExample: { name: 'anna', password: 'copper-lantern-walks-slowly' },
        reply: schemas.SessionView,
        replyExample: SIGNED_IN,
        errors: ['SIGN_IN_FAILED', 'PASSWORD_REFUSED', 'SIGN_IN_LIMITED'],
        open: true,
      }),
      delete: operation({ operationId: 'signOut', role: 'viewer', summary: 'Sign out', status: '204' }),
    },
    ...otherWays(),
    ...sessionList(),
    '/api/v1/sign-in-codes': {
      post: operation({
        operationId: 'createSignInCode',
        role: 'admin',
        summary: 'A new one-time code (only with the token of cli.json)',
        status: '201',
        reply: schemas.SignInCode,
        replyExample: { code: 'K7QF-2M9X', expiresAt: '2026-03-01T08:10:00Z' },
        errors: ['API_TOKEN_NEEDED'],
      }),
    },
  };
}

function otherWays(): ZodOpenApiPathsObject {
  return {
    '/api/v1/session/passkey/options': {
      post: operation({
        operationId: 'getPasskeyRequestOptions',
        role: 'viewer',
        reads: true,
        summary: 'What navigator.credentials.get() needs to sign in by passkey',
        reply: schemas.PasskeyOptions,
        replyExample: { challenge: 'dGhpcyBpcyBub3QgYSBzZWNyZXQ' },
        errors: ['PASSKEY_NEEDS_NAME'],
        open: true,
      }),
    },
    '/api/v1/session/passkey': {
      post: operation({
        operationId: 'signInByPasskey',
        role: 'viewer',
        summary: 'Sign in with what navigator.credentials.get() gave',
        request: schemas.PasskeySignIn,
        requestExample: {
          response: {
            ...{ id: 'AZ3rk0', rawId: 'AZ3rk0', type: 'public-key', clientExtensionResults: {} },
            response: { clientDataJSON: 'eyJ0', authenticatorData: 'SZYN', signature: 'MEUC' },
          },
        },
        reply: schemas.SessionView,
        replyExample: { ...SIGNED_IN, way: 'passkey' },
        errors: ['PASSKEY_REFUSED', 'PASSKEY_NEEDS_NAME', 'SIGN_IN_LIMITED'],
        open: true,
      }),
    },
    '/api/v1/session/oidc': {
      get: operation({
        operationId: 'beginOidcSignIn',
        role: 'viewer',
        summary: 'Sends the browser to the organisation’s sign-in',
        status: '302',
        errors: ['OIDC_NOT_SET_UP', 'OIDC_FAILED'],
        open: true,
      }),
    },
    '/api/v1/session/oidc/callback': {
      get: operation({
        operationId: 'signInByOidc',
        role: 'viewer',
        reads: false,
        summary:
          'Where the organisation’s sign-in sends the browser back to; goes on to the page, with ?signInError= when refused',
        status: '302',
        errors: ['OIDC_NOT_SET_UP'],
        open: true,
      }),
    },
  };
}

function sessionList(): ZodOpenApiPathsObject {
  return {
    '/api/v1/sessions': {
      get: operation({
        operationId: 'listSessions',
        role: 'viewer',
        summary: 'Browsers that are signed in: everybody’s for an admin, else one’s own',
        reply: schemas.SessionList,
        replyExample: {
          items: [
            {
              ...{ id: '4tz1k0m2q9v3h7xw', user: { name: 'anna', role: 'claimer' }, way: 'password', current: true },
              ...{ createdAt: '2026-03-01T08:00:00Z', lastUsedAt: '2026-03-01T08:05:00Z' },
              ...{ expiresAt: '2026-03-01T20:05:00Z', ip: '10.0.0.7', browser: 'Firefox' },
            },
          ],
        },
      }),
    },
    '/api/v1/sessions/{id}': {
      parameters: [parameter('id', 'Id of the session, from the list')],
      delete: operation({
        operationId: 'endSession',
        role: 'viewer',
        summary: 'Sign a browser out: an admin anybody’s, others their own',
        status: '204',
        errors: ['SESSION_UNKNOWN'],
      }),
    },
  };
}

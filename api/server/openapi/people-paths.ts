import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation, parameter } from './operation.ts';

const USER = { name: 'anna', role: 'claimer', createdAt: '2026-03-01T08:00:00Z', passkeys: 1 } as const;
const TOKEN = {
  ...{ id: '4tz1k0m2', name: 'dashboard', role: 'viewer', createdBy: 'anna', state: 'usable' },
  ...{ createdAt: '2026-03-01T08:00:00Z', expiresAt: '2026-05-30T08:00:00Z' },
} satisfies schemas.ApiTokenView;
const PASSKEY = { id: 'AZ3r…', name: "Anna's phone", host: 'usher.local', createdAt: '2026-03-01T08:00:00Z' };
const CREDENTIAL = { id: 'AZ3rk0', rawId: 'AZ3rk0', type: 'public-key', clientExtensionResults: {} } as const;

/** People and programs: who they are and what they may do. */
export function peoplePaths(): ZodOpenApiPathsObject {
  return { ...userPaths(), ...passkeyPaths(), ...apiTokenPaths() };
}

function userPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/users': {
      get: operation({
        operationId: 'listUsers',
        role: 'admin',
        summary: 'The people who may sign in',
        reply: schemas.UserList,
        replyExample: { items: [USER] },
      }),
      post: operation({
        operationId: 'createUser',
        role: 'admin',
        fresh: true,
        summary: 'Add somebody who may sign in',
        status: '201',
        request: schemas.NewUser,
        requestExample: { name: 'anna', role: 'claimer', password: 'copper-lantern-walks-slowly' },
        reply: schemas.UserView,
        replyExample: { ...USER, passkeys: 0 },
        errors: ['USER_EXISTS', 'USER_NAME_RESERVED', 'PASSWORD_UNSUITABLE'],
      }),
    },
    '/api/v1/users/{name}': {
      parameters: [parameter('name', 'Name of the user')],
      patch: operation({
        operationId: 'changeUser',
        role: 'admin',
        fresh: true,
        summary: 'Another role or password; ends the sessions of the user, and a password removes the passkeys too',
        request: schemas.UserChange,
        requestExample: { role: 'admin' },
        reply: schemas.UserView,
        replyExample: { ...USER, role: 'admin' },
        errors: ['USER_UNKNOWN', 'LAST_ADMIN', 'PASSWORD_UNSUITABLE'],
      }),
      delete: operation({
        operationId: 'removeUser',
        role: 'admin',
        fresh: true,
        summary: 'Remove a user with all passkeys; ends the sessions of the user',
        status: '204',
        errors: ['USER_UNKNOWN', 'LAST_ADMIN'],
      }),
    },
    '/api/v1/own-password': {
      post: operation({
        operationId: 'changeOwnPassword',
        role: 'viewer',
        summary: 'Another password for the user who asks; ends all other sessions of the user',
        status: '204',
        request: schemas.OwnPassword,
        requestExample: { present: 'copper-lantern-walks-slowly', next: 'seven herons above the mill' },
        errors: ['PASSWORD_REFUSED', 'PASSWORD_UNSUITABLE', 'OWN_USER_NEEDED', 'SIGN_IN_LIMITED'],
      }),
    },
  };
}

function passkeyPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/passkeys': {
      get: operation({
        operationId: 'listPasskeys',
        role: 'viewer',
        summary: 'The passkeys of the user who asks',
        reply: schemas.PasskeyList,
        replyExample: { items: [PASSKEY] },
        errors: ['OWN_USER_NEEDED'],
      }),
      post: operation({
        operationId: 'addPasskey',
        role: 'viewer',
        fresh: true,
        summary: 'Add the passkey that the browser made',
        status: '201',
        request: schemas.NewPasskey,
        requestExample: {
          name: "Anna's phone",
          response: { ...CREDENTIAL, response: { clientDataJSON: 'eyJ0', attestationObject: 'o2Nm' } },
        },
        reply: schemas.PasskeyView,
        replyExample: PASSKEY,
        errors: ['PASSKEY_REFUSED', 'PASSKEY_NEEDS_NAME', 'OWN_USER_NEEDED'],
      }),
    },
    '/api/v1/passkeys/options': {
      post: operation({
        operationId: 'getPasskeyCreationOptions',
        role: 'viewer',
        reads: true,
        summary: 'What navigator.credentials.create() needs to make a passkey for the user who asks',
        reply: schemas.PasskeyOptions,
        replyExample: { challenge: 'dGhpcyBpcyBub3QgYSBzZWNyZXQ' },
        errors: ['PASSKEY_NEEDS_NAME', 'OWN_USER_NEEDED'],
      }),
    },
    '/api/v1/passkeys/{id}': {
      parameters: [parameter('id', 'Id of the passkey')],
      delete: operation({
        operationId: 'removePasskey',
        role: 'viewer',
        fresh: true,
        summary: 'Remove a passkey of the user who asks',
        status: '204',
        errors: ['PASSKEY_UNKNOWN', 'OWN_USER_NEEDED'],
      }),
    },
  };
}

function apiTokenPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/api-tokens': {
      get: operation({
        operationId: 'listApiTokens',
        role: 'admin',
        summary: 'Tokens of programs, without their secrets',
        reply: schemas.ApiTokenList,
        replyExample: { items: [TOKEN] },
      }),
      post: operation({
        operationId: 'createApiToken',
        role: 'admin',
        fresh: true,
        summary: 'Make a token for a program; its reply is the only time the token is shown',
        status: '201',
        request: schemas.NewApiToken,
        requestExample: { name: 'dashboard', role: 'viewer', expiresInSec: 7_776_000 },
        reply: schemas.CreatedApiToken,
        replyExample: { token: 'usher_4tz1k0m2_…', view: TOKEN },
      }),
    },
    '/api/v1/api-tokens/{id}': {
      parameters: [parameter('id', 'Id of the token')],
      delete: operation({
        operationId: 'revokeApiToken',
        role: 'admin',
        fresh: true,
        summary: 'Revoke the token of a program',
        status: '204',
        errors: ['API_TOKEN_UNKNOWN'],
      }),
    },
  };
}

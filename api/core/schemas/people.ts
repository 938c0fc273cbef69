import { z } from 'zod';
import { ROLES } from '../people/role.ts';

// People and programs that use the API: who they are, how they sign in, what they did.

const timestamp = z.iso.datetime();
const password = z.string().max(256);

export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** Name of a user: part of the name of a Kubernetes object. */
const userName = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'lower-case letters and digits, with . and - between');

export const SignInWay = z.enum(['code', 'password', 'passkey', 'oidc']);
export type SignInWay = z.infer<typeof SignInWay>;

/** POST /api/v1/session: the one-time `code` of the appliance's console, or `name` and `password`. */
export const SignIn = z.object({
  code: z.string().max(64).optional(),
  name: z.string().max(128).optional(),
  password: password.optional(),
});
export type SignIn = z.infer<typeof SignIn>;

/**
 * GET and POST /api/v1/session. `csrfToken` goes into the header X-Usher-CSRF of every change. Whoever signed in with the
 * console's code is the user `console`; `needsUser` then says that there is no admin yet and one should be made.
 */
export const SessionView = z.object({
  signedIn: z.boolean(),
  csrfToken: z.string().optional(),
  user: z.object({ name: z.string(), role: Role }).optional(),
  /** How the present user signed in. */
  way: SignInWay.optional(),
  /** Until when operations that need a fresh sign-in may be called. */
  freshUntil: timestamp.optional(),
  needsUser: z.boolean().optional(),
  /** How one can sign in on this page. */
  ways: z.array(SignInWay),
  /** What the organisation's sign-in is called. */
  oidcName: z.string().optional(),
});
export type SessionView = z.infer<typeof SessionView>;

/** POST /api/v1/own-password: needs the present one, and ends all other sessions of the user. */
export const OwnPassword = z.object({ present: password, next: password });
export type OwnPassword = z.infer<typeof OwnPassword>;

export const UserView = z.object({
  name: z.string(),
  role: Role,
  createdAt: timestamp,
  passwordChangedAt: timestamp.optional(),
  passkeys: z.int(),
});
export type UserView = z.infer<typeof UserView>;
export const UserList = z.object({ items: z.array(UserView) });
export type UserList = z.infer<typeof UserList>;

/** POST /api/v1/users */
export const NewUser = z.object({ name: userName, role: Role, password });
export type NewUser = z.infer<typeof NewUser>;
/** PATCH /api/v1/users/{name}: another role or password. Ends the user's sessions. */
export const UserChange = z.object({ role: Role.optional(), password: password.optional() });
export type UserChange = z.infer<typeof UserChange>;

/** A browser that is signed in. Admins see everybody's, others their own. */
export const SignedInView = z.object({
  id: z.string(),
  user: z.object({ name: z.string(), role: Role }),
  way: SignInWay,
  createdAt: timestamp,
  lastUsedAt: timestamp,
  expiresAt: timestamp,
  ip: z.string(),
  /** What the browser says it is. */
  browser: z.string(),
  /** The one that asks. */
  current: z.boolean(),
});
export type SignedInView = z.infer<typeof SignedInView>;
export const SessionList = z.object({ items: z.array(SignedInView) });
export type SessionList = z.infer<typeof SessionList>;

export const ApiTokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  createdAt: timestamp,
  createdBy: z.string(),
  expiresAt: timestamp,
  /** Since the appliance started. */
  lastUsedAt: timestamp.optional(),
  /** `ownerless`: the user who made it was removed or is no admin any more; it is refused. */
  state: z.enum(['usable', 'expired', 'ownerless']),
});
export type ApiTokenView = z.infer<typeof ApiTokenView>;
export const ApiTokenList = z.object({ items: z.array(ApiTokenView) });
export type ApiTokenList = z.infer<typeof ApiTokenList>;

/** POST /api/v1/api-tokens: for a program. Its life is 90 days unless given. */
export const NewApiToken = z.object({
  name: z.string().min(1).max(128),
  role: Role,
  expiresInSec: z.int().min(60).max(31_536_000).optional(),
});
export type NewApiToken = z.infer<typeof NewApiToken>;
/** The only time that the token is shown. It goes into the header `Authorization: Bearer …`. */
export const CreatedApiToken = z.object({ token: z.string(), view: ApiTokenView });
export type CreatedApiToken = z.infer<typeof CreatedApiToken>;

/**
 * Options for navigator.credentials.create() or .get(), as PublicKeyCredential.parseCreationOptionsFromJSON() and
 * .parseRequestOptionsFromJSON() read them (WebAuthn level 3, section 5.1).
 */
export const PasskeyOptions = z.object({ challenge: z.string() }).loose();
export type PasskeyOptions = z.infer<typeof PasskeyOptions>;

const base64url = z.string().regex(/^[\w-]{1,20000}$/, 'base64url');
const credential = {
  id: base64url,
  rawId: base64url,
  type: z.literal('public-key'),
  clientExtensionResults: z.looseObject({}),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
};

/** POST /api/v1/session/passkey: what navigator.credentials.get() gave, by its toJSON(). */
export const PasskeySignIn = z.object({
  response: z.looseObject({
    ...credential,
    response: z.looseObject({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.optional(),
    }),
  }),
});
export type PasskeySignIn = z.infer<typeof PasskeySignIn>;

/** POST /api/v1/passkeys: what navigator.credentials.create() gave, by its toJSON(), and a name for the key. */
export const NewPasskey = z.object({
  name: z.string().min(1).max(64),
  response: z.looseObject({
    ...credential,
    response: z.looseObject({ clientDataJSON: base64url, attestationObject: base64url }),
  }),
});
export type NewPasskey = z.infer<typeof NewPasskey>;

export const PasskeyView = z.object({
  id: z.string(),
  name: z.string(),
  /** The host name that it works for. */
  host: z.string(),
  createdAt: timestamp,
});
export type PasskeyView = z.infer<typeof PasskeyView>;
export const PasskeyList = z.object({ items: z.array(PasskeyView) });
export type PasskeyList = z.infer<typeof PasskeyList>;

import { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import type { SessionView } from '../api/core/schemas.ts';
import type { LiveStore } from './live-store.ts';
import type { Messages } from './messages/en.ts';
import type { Reply } from './requests.ts';

type SignInOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];
type NewKeyOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];

/** Signs in by a passkey; the refusal of the browser (a person who cancels too) is told as one of the page. */
export async function signInByPasskey({ ask }: LiveStore, m: Messages): Promise<Reply<SessionView>> {
  const options = await ask<SignInOptions>('POST', '/api/v1/session/passkey/options', {});
  if (!options.ok) return options;
  const response = await orRefusal(startAuthentication({ optionsJSON: options.body }), m);
  return response.ok ? ask<SessionView>('POST', '/api/v1/session/passkey', { response: response.body }) : response;
}

/** Makes a passkey of the reader's device, under a name, for the one who is signed in. */
export async function addPasskey({ ask }: LiveStore, name: string, m: Messages): Promise<Reply<unknown>> {
  const options = await ask<NewKeyOptions>('POST', '/api/v1/passkeys/options', {});
  if (!options.ok) return options;
  const response = await orRefusal(startRegistration({ optionsJSON: options.body }), m);
  return response.ok ? ask('POST', '/api/v1/passkeys', { name, response: response.body }) : response;
}

async function orRefusal<T>(answer: Promise<T>, m: Messages): Promise<Reply<T>> {
  try {
    return { ok: true, body: await answer };
  } catch {
    return { ok: false, status: 0, refusal: { code: 'PASSKEY_NOT_GIVEN', ...m.signIn.passkeyFailed } };
  }
}

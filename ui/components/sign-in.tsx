import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SignInWay } from '../../api/core/schemas.ts';
import type { LiveStore } from '../live-store.ts';
import type { Messages } from '../messages/en.ts';
import type { Refusal } from '../requests.ts';
import type { Router } from '../router.ts';
import type { PageTrust } from '../trust.ts';
import { rich, useWords } from '../words.tsx';
import { Note } from './note.tsx';
import { TrustHint } from './trust-hint.tsx';

interface Props {
  store: LiveStore;
  router: Router;
  trust: PageTrust;
}

/** The code that the appliance printed, or another way that this appliance takes; then on to what was opened. */
export function SignIn({ store, router, trust }: Props) {
  const { m } = useWords();
  const isElsewhere = router.route.value.view !== 'site';
  const elsewhere = useSignal(refusalElsewhere(m));
  return (
    <main class="sign-in">
      <h1>
        <img src="/icon.svg" alt="" width="36" height="36" /> Usher
      </h1>
      {isElsewhere && <p class="hint">{m.signIn.continues}</p>}
      <Note refusal={elsewhere.value} urgent />
      <SignInWays store={store} />
      <TrustHint trust={trust} />
    </main>
  );
}

interface WaysProps {
  store: LiveStore;
  onDone?: () => void;
}

/** The ways to sign in that this appliance takes; whoever is signed in begins with the way that was taken before. */
export function SignInWays({ store, onDone = () => undefined }: WaysProps) {
  const { m } = useWords();
  const session = store.session.value;
  const ways = session?.ways ?? ['code'];
  const first = session?.way === 'code' || !ways.includes('password') ? 'code' : 'password';
  const way = useSignal<SignInWay>(first);
  return (
    <>
      {way.value === 'password' ? (
        <ByPassword store={store} onDone={onDone} />
      ) : (
        <ByCode store={store} onDone={onDone} />
      )}
      {ways.length > 1 && (
        <div class="other-ways">
          {way.value === 'code' && ways.includes('password') && (
            <button type="button" class="quiet" onClick={() => (way.value = 'password')}>
              {m.signIn.byPassword}
            </button>
          )}
          {way.value === 'password' && ways.includes('code') && (
            <button type="button" class="quiet" onClick={() => (way.value = 'code')}>
              {m.signIn.byCode}
            </button>
          )}
          {ways.includes('passkey') && <ByPasskey store={store} onDone={onDone} />}
          {ways.includes('oidc') && (
            <a class="button" href="/api/v1/session/oidc">
              {m.signIn.byOidc(session?.oidcName ?? 'OpenID Connect')}
            </a>
          )}
        </div>
      )}
    </>
  );
}

interface FormProps extends Required<WaysProps> {
  /** What is sent. */
  given: () => Parameters<LiveStore['signIn']>[0];
  /** After a refusal: what was typed is to be typed anew. */
  onRefused: () => void;
  /** The fields. */
  children: ComponentChildren;
}

/** What the ways that something is typed for share. */
function SignInForm({ store, onDone, given, onRefused, children }: FormProps) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.signIn(given());
    busy.value = false;
    if (refusal.value === undefined) onDone();
    else onRefused();
  };
  return (
    <form class="panel" onSubmit={(event) => void submit(event)}>
      {children}
      <Note refusal={refusal.value ?? store.notice.value} urgent />
      <button type="submit" class="primary" disabled={busy.value}>
        {busy.value ? m.signIn.busy : m.signIn.submit}
      </button>
    </form>
  );
}

function ByCode({ store, onDone }: Required<WaysProps>) {
  const { m } = useWords();
  const input = useRef<HTMLInputElement>(null);
  const code = useSignal('');
  useEffect(() => input.current?.focus(), []);
  return (
    <SignInForm
      store={store}
      onDone={onDone}
      given={() => ({ code: code.value.trim() })}
      onRefused={() => input.current?.select()}
    >
      <label for="code">{m.signIn.code}</label>
      <input
        ref={input}
        id="code"
        name="code"
        class="code"
        autocomplete="one-time-code"
        autocapitalize="characters"
        autocorrect="off"
        spellcheck={false}
        placeholder="XXXX-XXXX"
        aria-describedby="code-hint"
        required
        value={code.value}
        onInput={(event) => (code.value = event.currentTarget.value)}
      />
      <p class="hint" id="code-hint">
        {rich(m.signIn.codeHint, { command: <code>usher sign-in-code</code> })}
      </p>
    </SignInForm>
  );
}

function ByPassword({ store, onDone }: Required<WaysProps>) {
  const { m } = useWords();
  const user = useRef<HTMLInputElement>(null);
  const secret = useRef<HTMLInputElement>(null);
  const name = useSignal(knownName(store));
  const password = useSignal('');
  useEffect(() => (name.peek() === '' ? user : secret).current?.focus(), []);
  return (
    <SignInForm
      store={store}
      onDone={onDone}
      given={() => ({ name: name.value.trim(), password: password.value })}
      onRefused={() => secret.current?.select()}
    >
      <label for="user">{m.signIn.name}</label>
      <input
        ref={user}
        id="user"
        name="username"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        required
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <label for="password">{m.signIn.password}</label>
      <input
        ref={secret}
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
        value={password.value}
        onInput={(event) => (password.value = event.currentTarget.value)}
      />
    </SignInForm>
  );
}

/** By a key of the reader's own device; the library for it is fetched when the button is pressed. */
function ByPasskey({ store, onDone }: Required<WaysProps>) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const start = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    const { signInByPasskey } = await import('../passkeys.ts');
    const reply = await signInByPasskey(store, m);
    busy.value = false;
    refusal.value = reply.ok ? undefined : reply.refusal;
    if (!reply.ok) return;
    await store.signedIn(reply.body);
    onDone();
  };
  return (
    <>
      <button type="button" disabled={busy.value} onClick={() => void start()}>
        {m.signIn.byPasskey}
      </button>
      <Note refusal={refusal.value} urgent />
    </>
  );
}

/** Why the organisation's sign-in sent the reader back; read once, and taken out of the address. */
function refusalElsewhere(m: Messages): Refusal | undefined {
  const code = /^[A-Z_]{1,64}$/.exec(new URLSearchParams(location.search).get('signInError') ?? '')?.[0];
  if (code === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname);
  return { code, ...m.signIn.elsewhereFailed };
}

/** Whoever signs in again has a name here already. */
function knownName(store: LiveStore): string {
  const { user, way } = store.session.peek() ?? {};
  return user !== undefined && (way === 'password' || way === 'passkey') ? user.name : '';
}

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { Note } from './note.tsx';

/** One field: the code that the appliance printed. */
export function SignIn({ store }: { store: LiveStore }) {
  const input = useRef<HTMLInputElement>(null);
  const code = useSignal('');
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  useEffect(() => input.current?.focus(), []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.signIn(code.value.trim());
    busy.value = false;
    if (refusal.value !== undefined) input.current?.select();
  };
  return (
    <main class="sign-in">
      <h1>
        <img src="/icon.svg" alt="" width="36" height="36" /> Usher
      </h1>
      <form class="panel" onSubmit={(event) => void submit(event)}>
        <label for="code">Sign-in code</label>
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
          The appliance printed it when it started. It works once, for ten minutes; for a new one run{' '}
          <code>usher sign-in-code</code> on the appliance.
        </p>
        <Note refusal={refusal.value ?? store.notice.value} urgent />
        <button type="submit" class="primary" disabled={busy.value}>
          {busy.value ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

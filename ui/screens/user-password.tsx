import { useSignal } from '@preact/signals';
import { Note } from '../components/note.tsx';
import type { LiveStore } from '../live-store.ts';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';

/** Another password for somebody who lost his; it ends the sessions of that user. */
export function UserPassword({ store, name }: { store: LiveStore; name: string }) {
  const { m } = useWords();
  const t = m.screens.people;
  const isOpen = useSignal(false);
  const isDone = useSignal(false);
  const password = useSignal('');
  const sending = useSent();
  const id = `password-of-${name}`;
  const set = async (): Promise<void> => {
    const body = { password: password.value };
    const done = await sending.send(() =>
      store.ask<object>('PATCH', `/api/v1/users/${encodeURIComponent(name)}`, body),
    );
    if (done === undefined) return;
    password.value = '';
    isOpen.value = false;
    isDone.value = true;
  };
  if (!isOpen.value) {
    return (
      <>
        <button
          type="button"
          class="quiet small"
          aria-label={t.newPasswordOf(name)}
          onClick={() => {
            isDone.value = false;
            isOpen.value = true;
          }}
        >
          {t.newPassword}
        </button>
        {isDone.value && <small role="status">{t.newPasswordDone}</small>}
      </>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void set();
      }}
    >
      <label for={id}>{t.newPasswordOf(name)}</label>
      <input
        id={id}
        type="password"
        required
        minLength={12}
        autocomplete="new-password"
        value={password.value}
        onInput={(event) => (password.value = event.currentTarget.value)}
      />
      <Note refusal={sending.refusal} urgent />
      <div class="actions">
        <button type="button" onClick={() => (isOpen.value = false)}>
          {m.common.cancel}
        </button>
        <button type="submit" disabled={sending.isBusy}>
          {m.common.save}
        </button>
      </div>
    </form>
  );
}

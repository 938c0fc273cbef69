import { useSignal } from '@preact/signals';
import type { OwnPassword as Change } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import type { LiveStore } from '../live-store.ts';
import { useSent } from '../use-sent.ts';
import { useWords } from '../words.tsx';
import { Panel } from './screen.tsx';

const FIELDS = [
  ['present', 'current-password'],
  ['next', 'new-password'],
] as const;
const NOTHING: Change = { present: '', next: '' };

/** Another password for the reader; whoever else is signed in by that name is signed out. */
export function OwnPassword({ store }: { store: LiveStore }) {
  const t = useWords().m.screens.people;
  const change = useSignal(NOTHING);
  const isDone = useSignal(false);
  const sending = useSent();
  const submit = async (): Promise<void> => {
    isDone.value = false;
    const reply = await sending.send(async () => {
      const answer = await store.ask('POST', '/api/v1/own-password', change.value);
      return answer.ok ? { ...answer, body: true } : answer;
    });
    if (reply === undefined) return;
    isDone.value = true;
    change.value = NOTHING;
  };
  return (
    <Panel id="own-password-title" title={t.ownPassword} hint={t.ownPasswordHint}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="form-row">
          {FIELDS.map(([field, autocomplete]) => (
            <div key={field}>
              <label for={`password-${field}`}>{t.ownPasswords[field]}</label>
              <input
                id={`password-${field}`}
                type="password"
                required
                autocomplete={autocomplete}
                value={change.value[field]}
                onInput={(event) => (change.value = { ...change.value, [field]: event.currentTarget.value })}
              />
            </div>
          ))}
        </div>
        <Note refusal={sending.refusal} urgent />
        {isDone.value && (
          <p class="note good" role="status">
            <strong>{t.ownPasswordDone}</strong>
          </p>
        )}
        <div class="actions end">
          <button type="submit" disabled={sending.isBusy}>
            {t.changePassword}
          </button>
        </div>
      </form>
    </Panel>
  );
}

import { useSignal } from '@preact/signals';
import { Note } from '../components/note.tsx';
import { labelProblems } from '../label-rules.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { LabelFields, labelsOf, type LabelRow } from './label-fields.tsx';
import { Modal } from './modal.tsx';

interface Props {
  claim: string;
  store: LiveStore;
  onClose: () => void;
}

/** Changes the labels of a claim, and with them those of its node. */
export function EditDialog({ claim, store, onClose }: Props) {
  const { m } = useWords();
  const t = m.dialogs.edit;
  const view = store.claims.value.find(({ name }) => name === claim);
  const rows = useSignal<LabelRow[]>(rowsOf(view?.labels ?? {}));
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const problems = labelProblems(rows.value, m);

  const submit = async (form: HTMLFormElement, close: () => void): Promise<void> => {
    if (busy.value) return;
    if (problems.some((problem) => problem !== undefined)) {
      requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    busy.value = true;
    refusal.value = await store.changeClaim(claim, { labels: labelsOf(rows.value) });
    busy.value = false;
    if (refusal.value === undefined) close();
  };
  return (
    <Modal title={t.title(claim)} busy={busy.value} onClose={onClose}>
      {(close) => (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget, close);
          }}
        >
          <p class="hint">{t.hint}</p>
          <LabelFields rows={rows} problems={problems} store={store} />
          <Note refusal={refusal.value} urgent />
          <div class="actions end">
            <button type="button" disabled={busy.value} onClick={close}>
              {m.common.cancel}
            </button>
            <button type="submit" class="primary" disabled={busy.value}>
              {busy.value ? m.common.saving : t.action}
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
}

function rowsOf(labels: Record<string, string>): LabelRow[] {
  const entries = Object.entries(labels);
  return (entries.length === 0 ? [['', ''] as const] : entries).map(([key, value], id) => ({ id, key, value }));
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CreatedToken } from '../../api/core/schemas.ts';
import { timeText } from '../age.ts';
import { Note } from '../components/note.tsx';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { rich, useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  store: LiveStore;
  onClose: () => void;
}

/** Makes the enrol token of one SD card, and hands it out as the file that goes on the card. */
export function CardDialog({ store, onClose }: Props) {
  const { m } = useWords();
  const note = useSignal('');
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const made = useSignal<CreatedToken | undefined>(undefined);

  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    const text = note.value.trim();
    const reply = await store.createToken({ kind: 'card', ...(text === '' ? {} : { note: text }) });
    busy.value = false;
    refusal.value = reply.ok ? undefined : reply.refusal;
    if (reply.ok) made.value = reply.body;
  };
  return (
    <Modal
      title={made.value === undefined ? m.dialogs.card.title : m.dialogs.card.ready}
      busy={busy.value}
      onClose={onClose}
    >
      {(close) =>
        made.value === undefined ? (
          <form onSubmit={(event) => void make(event)}>
            <p>{m.dialogs.card.hint}</p>
            <label for="card-note">{m.dialogs.card.what}</label>
            <input
              id="card-note"
              autofocus
              maxLength={200}
              autocomplete="off"
              placeholder={m.dialogs.card.example}
              value={note.value}
              onInput={(event) => (note.value = event.currentTarget.value)}
            />
            <Note refusal={refusal.value} urgent />
            <div class="actions end">
              <button type="button" disabled={busy.value} onClick={close}>
                {m.common.cancel}
              </button>
              <button type="submit" class="primary" disabled={busy.value}>
                {busy.value ? m.dialogs.card.busy : m.dialogs.card.action}
              </button>
            </div>
          </form>
        ) : (
          <MadeCard created={made.value} close={close} />
        )
      }
    </Modal>
  );
}

function MadeCard({ created, close }: { created: CreatedToken; close: () => void }) {
  const words = useWords();
  const t = words.m.dialogs.card;
  const href = useSignal('');
  const saved = useSignal(false);
  useEffect(() => {
    const file = new Blob([`${JSON.stringify(created.card, undefined, 2)}\n`], { type: 'application/json' });
    const url = URL.createObjectURL(file);
    href.value = url;
    return () => URL.revokeObjectURL(url);
  }, [created, href]);
  return (
    <>
      <ol class="steps">
        <li>{rich(t.stepSave, { file: <code>usher.json</code> })}</li>
        <li>{rich(t.stepPut, { volume: <code>bootfs</code>, config: <code>config.txt</code> })}</li>
        <li>{t.stepPlug}</li>
      </ol>
      <p class="hint">{t.goodFor(timeText(created.view.expiresAt, Date.now(), words), created.view.tokenId)}</p>
      <div class="actions end">
        <button type="button" onClick={close}>
          {saved.value ? words.m.common.done : t.closeUnsaved}
        </button>
        <a
          class="button primary"
          href={href.value}
          download="usher.json"
          ref={(link) => {
            if (!saved.value) link?.focus();
          }}
          onClick={() => (saved.value = true)}
        >
          {t.save}
        </a>
      </div>
    </>
  );
}

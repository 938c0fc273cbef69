import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CreatedToken } from '../../api/core/schemas.ts';
import { timeText } from '../age.ts';
import { Note } from '../components/note.tsx';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { Modal } from './modal.tsx';

interface Props {
  store: LiveStore;
  onClose: () => void;
}

/** Makes the enrol token of one SD card, and hands it out as the file that goes on the card. */
export function CardDialog({ store, onClose }: Props) {
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
    <Modal title={made.value === undefined ? 'New card' : 'The card is ready'} busy={busy.value} onClose={onClose}>
      {(close) =>
        made.value === undefined ? (
          <form onSubmit={(event) => void make(event)}>
            <p>
              A card with this file on it proves that its Raspberry Pi belongs to this site. It serves one device; you
              still claim that device here.
            </p>
            <label for="card-note">What is it for? (optional)</label>
            <input
              id="card-note"
              autofocus
              maxLength={200}
              autocomplete="off"
              placeholder="spare for the lathes"
              value={note.value}
              onInput={(event) => (note.value = event.currentTarget.value)}
            />
            <Note refusal={refusal.value} urgent />
            <div class="actions end">
              <button type="button" disabled={busy.value} onClick={close}>
                Cancel
              </button>
              <button type="submit" class="primary" disabled={busy.value}>
                {busy.value ? 'Making …' : 'Make the card file'}
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
        <li>
          Save <code>usher.json</code> now: it is shown only this once. Keep it like a key.
        </li>
        <li>
          Put it on the card’s boot partition (<code>bootfs</code>), beside <code>config.txt</code>.
        </li>
        <li>Put the card into the Pi, plug the Pi into the switch. It appears here and waits for your claim.</li>
      </ol>
      <p class="hint">
        Good for one device, until {timeText(created.view.expiresAt, Date.now())}. Token {created.view.tokenId}.
      </p>
      <div class="actions end">
        <button type="button" onClick={close}>
          {saved.value ? 'Done' : 'Close without saving'}
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
          Save usher.json
        </a>
      </div>
    </>
  );
}

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Note } from '../components/note.tsx';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  title: string;
  /** The word on the button, and the one while it is under way. */
  action: string;
  busyText: string;
  /** What it does cannot be undone, or may do harm. */
  isDangerous?: boolean;
  /** Whether what was entered may be sent; if not, the first wrong field is gone to. */
  check: () => boolean;
  act: () => Promise<Refusal | undefined>;
  onClose: () => void;
  /** The fields. */
  children: ComponentChildren;
}

/** A form that is checked, sent once at a time, and stays open with the reason when it is refused. */
export function FormDialog({ title, action, busyText, isDangerous = false, check, act, onClose, children }: Props) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const submit = async (form: HTMLFormElement, close: () => void): Promise<void> => {
    if (busy.value) return;
    if (!check()) {
      requestAnimationFrame(() => {
        const wrong = form.querySelector<HTMLElement>('[aria-invalid=true]');
        wrong?.closest('details')?.setAttribute('open', '');
        wrong?.focus();
      });
      return;
    }
    busy.value = true;
    refusal.value = await act();
    busy.value = false;
    if (refusal.value === undefined) close();
  };
  return (
    <Modal title={title} busy={busy.value} onClose={onClose}>
      {(close) => (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget, close);
          }}
        >
          {children}
          <Note refusal={refusal.value} urgent />
          <div class="actions end">
            <button type="button" disabled={busy.value} onClick={close}>
              {m.common.cancel}
            </button>
            <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={busy.value}>
              {busy.value ? busyText : action}
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
}

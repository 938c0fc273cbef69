import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Note } from '../components/note.tsx';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  title: string;
  /** The word on the button. */
  action: string;
  /** Nothing is lost by it. */
  isHarmless?: boolean;
  act: () => Promise<Refusal | undefined>;
  onClose: () => void;
  /** What will happen. */
  children: ComponentChildren;
}

/** Says what will happen before it does. The focus is on Cancel. */
export function ConfirmDialog({ title, action, isHarmless = false, act, onClose, children }: Props) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const confirm = async (close: () => void): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await act();
    busy.value = false;
    if (refusal.value === undefined) close();
  };
  return (
    <Modal title={title} busy={busy.value} onClose={onClose}>
      {(close) => (
        <>
          {children}
          <Note refusal={refusal.value} urgent />
          <div class="actions end">
            <button type="button" autofocus disabled={busy.value} onClick={close}>
              {m.common.cancel}
            </button>
            <button
              type="button"
              class={isHarmless ? 'primary' : 'danger'}
              disabled={busy.value}
              onClick={() => void confirm(close)}
            >
              {busy.value ? m.common.oneMoment : action}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

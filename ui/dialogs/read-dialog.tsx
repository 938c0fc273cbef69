import type { ComponentChildren } from 'preact';
import { useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** Something to read, and a button that closes it. */
export function ReadDialog({ title, onClose, children }: Props) {
  const { m } = useWords();
  return (
    <Modal title={title} onClose={onClose}>
      {(close) => (
        <>
          {children}
          <div class="actions end">
            <button type="button" class="primary" autofocus onClick={close}>
              {m.common.close}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

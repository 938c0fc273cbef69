import { useRef } from 'preact/hooks';
import { SignInWays } from '../components/sign-in.tsx';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  store: LiveStore;
  /** Called when it is over, with whether the reader signed in. */
  onClose: (isDone: boolean) => void;
}

/** Signs the reader in again for something that needs it; what was asked is then done by itself. */
export function FreshSignInDialog({ store, onClose }: Props) {
  const { m } = useWords();
  const isDone = useRef(false);
  return (
    <Modal title={m.signIn.fresh} onClose={() => onClose(isDone.current)}>
      {(close) => (
        <>
          <p class="hint">{m.signIn.freshHint}</p>
          <SignInWays
            store={store}
            onDone={() => {
              isDone.current = true;
              close();
            }}
          />
          <div class="actions end">
            <button type="button" onClick={close}>
              {m.common.cancel}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

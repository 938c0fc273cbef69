import { Modal } from '../dialogs/modal.tsx';
import { useWords } from '../words.tsx';

/** What the keyboard does in the list. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { m } = useWords();
  const t = m.list.keysHelp;
  const keys: readonly [string, string][] = [
    ['↑ ↓', t.move],
    ['⏎', t.open],
    ['␣', t.select],
    ['/', t.search],
    ['?', t.help],
  ];
  return (
    <Modal title={m.dialogs.keys.title} onClose={onClose}>
      {(close) => (
        <>
          <dl class="keys">
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
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

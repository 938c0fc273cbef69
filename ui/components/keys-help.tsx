import { ReadDialog } from '../dialogs/read-dialog.tsx';
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
    <ReadDialog title={m.dialogs.keys.title} onClose={onClose}>
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
    </ReadDialog>
  );
}

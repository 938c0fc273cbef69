import { useSignal } from '@preact/signals';
import { hrefOf } from '../route.ts';
import type { PageTrust } from '../trust.ts';
import { useWords } from '../words.tsx';
import { boardOf, rowsAsCsv, type Board } from './board-codes.ts';
import { Camera } from './camera.tsx';

interface Props {
  trust: PageTrust;
  go: (href: string) => void;
}

/** Where the import screen finds what was scanned; only as long as the tab is open. */
export const SCANNED = 'usher.scanned';

/** Board after board into rows of an import, without a key pressed between. */
export function BoardRows({ trust, go }: Props) {
  const { m } = useWords();
  const t = m.screens.scan;
  const boards = useSignal<readonly Board[]>([]);
  const add = (text: string): void => {
    const board = boardOf(text);
    if (board === undefined || boards.value.some(({ value }) => value === board.value)) return;
    boards.value = [...boards.value, board];
  };
  return (
    <div class="panel">
      <p class="hint">{t.barcodesHint}</p>
      <Camera trust={trust} bars onText={add} isWanted={(text) => boardOf(text) !== undefined} />
      <p role="status">
        <b>{t.row(boards.value.length)}</b>
      </p>
      <ol class="list tight">
        {boards.value.map(({ kind, value }) => (
          <li key={value}>
            {m.card.match[kind]} <code>{value}</code>{' '}
            <button
              type="button"
              class="quiet icon"
              aria-label={m.screens.people.remove(value)}
              onClick={() => (boards.value = boards.value.filter((board) => board.value !== value))}
            >
              ×
            </button>
          </li>
        ))}
      </ol>
      <div class="actions end">
        <button
          type="button"
          class="primary"
          disabled={boards.value.length === 0}
          onClick={() => {
            sessionStorage.setItem(SCANNED, rowsAsCsv(boards.value));
            go(hrefOf('import'));
          }}
        >
          {t.toImport}
        </button>
      </div>
    </div>
  );
}

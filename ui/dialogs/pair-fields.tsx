import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { pairProblem, type PairText } from '../pair-rules.ts';
import { useWords } from '../words.tsx';

/** Whether the node is one of a pair, and which part it has; folded away, since most are not. */
export function PairFields({ pair }: { pair: Signal<PairText> }) {
  const { m } = useWords();
  const t = m.dialogs.pair;
  // After that the reader folds it: it does not close over the choice that has the focus.
  const begins = useRef(pair.value.role !== '').current;
  const problem = pair.value.name === '' ? undefined : pairProblem(pair.value, m);
  return (
    <details class="fold" open={begins}>
      <summary>{t.title}</summary>
      <p class="hint">{t.hint}</p>
      <label for="pair-role">{t.role}</label>
      <select
        id="pair-role"
        value={pair.value.role}
        onChange={(event) => (pair.value = { ...pair.value, role: event.currentTarget.value as PairText['role'] })}
      >
        <option value="">{t.none}</option>
        <option value="Primary">{t.Primary}</option>
        <option value="Backup">{t.Backup}</option>
      </select>
      {pair.value.role !== '' && (
        <>
          <label for="pair-name">{t.name}</label>
          <input
            id="pair-name"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={pairProblem(pair.value, m) !== undefined}
            aria-describedby="pair-problem"
            value={pair.value.name}
            onInput={(event) => (pair.value = { ...pair.value, name: event.currentTarget.value })}
          />
          <p class="problem" id="pair-problem" aria-live="polite">
            {problem}
          </p>
        </>
      )}
    </details>
  );
}

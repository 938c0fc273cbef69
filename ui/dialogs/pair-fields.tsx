import type { Signal } from '@preact/signals';
import type { NewClaim } from '../../api/core/schemas.ts';
import type { Messages } from '../messages/en.ts';
import { useWords } from '../words.tsx';

export interface PairText {
  name: string;
  role: 'Primary' | 'Backup' | '';
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** What is wrong with the name of a pair, or undefined. */
export function pairProblem({ name, role }: PairText, m: Messages): string | undefined {
  return role === '' || DNS_LABEL.test(name) ? undefined : m.rules.pairName;
}

/** The part of a claim that says it; nothing for a node that is not one of a pair. */
export function pairOf({ name, role }: PairText): Pick<NewClaim, 'pair'> {
  return role === '' ? {} : { pair: { name, role } };
}

/** Whether the node is one of a pair, and which part it has; folded away, since most are not. */
export function PairFields({ pair }: { pair: Signal<PairText> }) {
  const { m } = useWords();
  const t = m.dialogs.pair;
  const problem = pair.value.name === '' ? undefined : pairProblem(pair.value, m);
  return (
    <details class="fold" open={pair.value.role !== ''}>
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

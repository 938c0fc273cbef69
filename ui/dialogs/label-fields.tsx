import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';

export interface LabelRow {
  id: number;
  key: string;
  value: string;
}

interface Props {
  rows: Signal<LabelRow[]>;
  /** By row. */
  problems: readonly (string | undefined)[];
  store: LiveStore;
}

/** Any number of labels; keys and values of other claims are offered while typing. */
export function LabelFields({ rows, problems, store }: Props) {
  const t = useWords().m.dialogs.labels;
  const list = useRef<HTMLFieldSetElement>(null);
  const known = store.claims.value.flatMap((claim) => Object.entries(claim.labels));
  const edit = (id: number, part: Partial<LabelRow>): void => {
    rows.value = rows.value.map((row) => (row.id === id ? { ...row, ...part } : row));
  };
  const focusLast = (): void => {
    requestAnimationFrame(() => [...(list.current?.querySelectorAll<HTMLElement>('.label-key') ?? [])].at(-1)?.focus());
  };
  const add = (): void => {
    rows.value = [...rows.value, { id: 1 + Math.max(0, ...rows.value.map(({ id }) => id)), key: '', value: '' }];
    focusLast();
  };
  const remove = (id: number): void => {
    const rest = rows.value.filter((row) => row.id !== id);
    rows.value = rest.length === 0 ? [{ id: id + 1, key: '', value: '' }] : rest;
    focusLast();
  };
  const field = (row: LabelRow, at: number, part: 'key' | 'value', hint: string) => (
    <input
      class={`label-${part}`}
      aria-label={part === 'key' ? t.keyOf(at + 1) : t.valueOf(at + 1)}
      aria-invalid={problems[at] !== undefined}
      aria-describedby={`label-problem-${String(row.id)}`}
      placeholder={hint}
      list={`label-${part}s`}
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      value={row[part]}
      onInput={(event) => edit(row.id, { [part]: event.currentTarget.value })}
    />
  );
  return (
    <fieldset ref={list}>
      <legend>{t.title}</legend>
      {rows.value.map((row, at) => (
        <div class="label-row" key={row.id}>
          {field(row, at, 'key', t.key)}
          <span aria-hidden="true">=</span>
          {field(row, at, 'value', t.value)}
          <button type="button" class="quiet icon" aria-label={t.removeOf(at + 1)} onClick={() => remove(row.id)}>
            ×
          </button>
          <p class="problem" id={`label-problem-${String(row.id)}`} aria-live="polite">
            {problems[at]}
          </p>
        </div>
      ))}
      <button type="button" class="quiet" onClick={add}>
        {t.add}
      </button>
      <Suggestions id="label-keys" words={known.map(([key]) => key)} />
      <Suggestions id="label-values" words={known.map(([, value]) => value)} />
    </fieldset>
  );
}

function Suggestions({ id, words }: { id: string; words: readonly string[] }) {
  return (
    <datalist id={id}>
      {[...new Set(words)].sort().map((word) => (
        <option key={word} value={word} />
      ))}
    </datalist>
  );
}

/** The labels of the rows that have a key. */
export function labelsOf(rows: readonly LabelRow[]): Record<string, string> {
  return Object.fromEntries(rows.filter(({ key }) => key !== '').map(({ key, value }) => [key, value]));
}

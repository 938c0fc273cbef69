import type { Signal } from '@preact/signals';
import { keep } from '../kept.ts';
import { labelCounts, type Filter, type Row } from '../rows.ts';
import { useWords } from '../words.tsx';

/** Labels offered to filter by. */
const MOST_LABELS = 60;

export const KEPT_LAYOUT = 'usher.layout';

/** Only rows with one label. */
export function LabelFilter({ rows, filter }: { rows: readonly Row[]; filter: Signal<Filter> }) {
  const { m } = useWords();
  const labels = labelCounts(rows).slice(0, MOST_LABELS);
  if (labels.length === 0) return null;
  return (
    <select
      aria-label={m.list.label}
      value={filter.value.label}
      onChange={(event) => (filter.value = { ...filter.value, label: event.currentTarget.value })}
    >
      <option value="">{m.list.anyLabel}</option>
      {labels.map(([label, count]) => (
        <option key={label} value={label}>
          {label} ({count})
        </option>
      ))}
    </select>
  );
}

interface SwitchProps {
  layout: Signal<'cards' | 'list' | undefined>;
  isList: boolean;
}

/** Cards or list; remembered. */
export function ViewSwitch({ layout, isList }: SwitchProps) {
  const { m } = useWords();
  const choose = (next: 'cards' | 'list'): void => {
    layout.value = next;
    keep(KEPT_LAYOUT, next);
  };
  return (
    <div role="group" aria-label={m.site.view} class="switch">
      {(['cards', 'list'] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={(each === 'list') === isList}
          onClick={() => {
            choose(each);
          }}
        >
          {each === 'cards' ? m.site.viewCards : m.site.viewList}
        </button>
      ))}
    </div>
  );
}

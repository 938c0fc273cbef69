import { useSignal } from '@preact/signals';
import { labelProblems } from '../label-rules.ts';
import type { LiveStore } from '../live-store.ts';
import { pairChange, pairProblem, pairTextOf, type PairText } from '../pair-rules.ts';
import { useWords } from '../words.tsx';
import { FormDialog } from './form-dialog.tsx';
import { LabelFields, labelsOf, type LabelRow } from './label-fields.tsx';
import { PairFields } from './pair-fields.tsx';

interface Props {
  claim: string;
  store: LiveStore;
  onClose: () => void;
}

/** Changes labels and pair of a claim, and with them those of its node. */
export function EditDialog({ claim, store, onClose }: Props) {
  const { m } = useWords();
  const t = m.dialogs.edit;
  const view = store.claims.value.find(({ name }) => name === claim);
  const rows = useSignal<LabelRow[]>(rowsOf(view?.labels ?? {}));
  // Compared with what was there when it was opened: what somebody else changed meanwhile is not set back.
  const before = useSignal<PairText>(pairTextOf(view)).value;
  const pair = useSignal<PairText>(before);
  const problems = labelProblems(rows.value, m);
  return (
    <FormDialog
      title={t.title(claim)}
      action={t.action}
      busyText={m.common.saving}
      check={() => [pairProblem(pair.value, m), ...problems].every((problem) => problem === undefined)}
      act={() => store.changeClaim(claim, { labels: labelsOf(rows.value), ...pairChange(before, pair.value) })}
      onClose={onClose}
    >
      <p class="hint">{t.hint}</p>
      <LabelFields rows={rows} problems={problems} store={store} />
      <PairFields pair={pair} />
    </FormDialog>
  );
}

function rowsOf(labels: Record<string, string>): LabelRow[] {
  const entries = Object.entries(labels);
  return (entries.length === 0 ? [['', ''] as const] : entries).map(([key, value], id) => ({ id, key, value }));
}

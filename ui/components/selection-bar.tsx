import { useSignal, type Signal } from '@preact/signals';
import { actionsOf } from '../card-actions.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import type { Row } from '../rows.ts';
import { useWords } from '../words.tsx';
import { Note } from './note.tsx';

interface Props {
  rows: readonly Row[];
  selected: Signal<ReadonlySet<string>>;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** What can be done with all that is selected; nothing while nothing is. */
export function SelectionBar({ rows, selected, store, open }: Props) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const chosen = rows.filter(({ id }) => selected.value.has(id));
  if (chosen.length === 0 || !store.may('claimer')) return null;
  const devices = chosen.map(({ device }) => device).filter((device) => device !== undefined);
  const claimable = devices.filter(({ claimable, claim }) => claimable && claim === undefined);
  const ignorable = devices.filter((device) =>
    actionsOf(device, m).some(({ does }) => 'decision' in does && does.decision === 'Ignored'),
  );
  const ignoreAll = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = undefined;
    for (const { id } of ignorable) {
      refusal.value = await store.decide(id, 'Ignored');
      if (refusal.value !== undefined) break;
    }
    busy.value = false;
    if (refusal.value === undefined) selected.value = new Set();
  };
  return (
    <div class="selection" role="group" aria-label={m.list.selected(chosen.length)}>
      <b>{m.list.selected(chosen.length)}</b>
      <div class="actions">
        {claimable.length > 0 && (
          <button type="button" class="primary" onClick={() => open({ kind: 'bulk', devices: claimable })}>
            {m.list.claimAll(claimable.length)}
          </button>
        )}
        {ignorable.length > 0 && (
          <button type="button" disabled={busy.value} onClick={() => void ignoreAll()}>
            {m.list.ignoreAll(ignorable.length)}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => (selected.value = new Set())}>
          {m.list.clear}
        </button>
      </div>
      {claimable.length === 0 && <p class="hint">{m.list.notClaimable}</p>}
      <Note refusal={refusal.value} urgent />
    </div>
  );
}

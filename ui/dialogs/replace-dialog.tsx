import { useSignal, type Signal } from '@preact/signals';
import type { DeviceView } from '../../api/core/schemas.ts';
import { successorsOf } from '../card-actions.ts';
import { Comparison } from '../components/comparison.tsx';
import { Labels } from '../components/labels.tsx';
import { Note } from '../components/note.tsx';
import { groupOf, nameAndId, nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { offerWords } from '../offer-words.ts';
import type { Refusal } from '../requests.ts';
import { rich, useWords } from '../words.tsx';
import type { Dialog } from './dialog.ts';
import { Modal } from './modal.tsx';

interface Props {
  old: DeviceView;
  /** The one that was chosen on its card; otherwise the operator chooses here. */
  by: DeviceView | undefined;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  onClose: () => void;
}

/** Hands a device's place (claim, node name, labels) to another one, and says before what that does to both. */
export function ReplaceDialog({ old: oldThen, by, store, open, onClose }: Props) {
  const { m } = useWords();
  const chosen = useSignal(by?.id);
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const devices = store.devices.value ?? [];
  const old = devices.find(({ id }) => id === oldThen.id) ?? oldThen;
  const next = devices.find(({ id }) => id === chosen.value) ?? (by?.id === chosen.value ? by : undefined);

  const replace = async (close: () => void): Promise<void> => {
    if (busy.value || next === undefined) return;
    busy.value = true;
    refusal.value = await store.replace(old.id, next.id);
    busy.value = false;
    if (refusal.value === undefined) close();
  };
  return (
    <Modal title={m.dialogs.replace.title(nameOf(old, m))} busy={busy.value} onClose={onClose}>
      {(close) => (
        <>
          {by === undefined && <Choice old={old} chosen={chosen} store={store} open={open} />}
          {next !== undefined && (
            <>
              {by === undefined || <Reason by={next} />}
              <Comparison old={old} by={next} store={store} />
              <Consequences old={old} by={next} store={store} />
            </>
          )}
          <Note refusal={refusal.value} urgent>
            {refusal.value?.code === 'REPLACE_UNCLAIMED' && (
              <button type="button" onClick={() => open({ kind: 'claim', cardId: old.id, device: old })}>
                <span>{rich(m.offer.claim, { name: <bdi>{nameOf(old, m)}</bdi> })}</span>
              </button>
            )}
          </Note>
          <div class="actions end">
            <button type="button" autofocus disabled={busy.value} onClick={close}>
              {m.common.cancel}
            </button>
            <button
              type="button"
              class="danger"
              disabled={busy.value || next === undefined}
              onClick={() => void replace(close)}
            >
              {busy.value ? m.common.oneMoment : m.dialogs.replace.action}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

function Reason({ by }: { by: DeviceView }) {
  const { m } = useWords();
  if (by.offer === undefined) return null;
  const { title, why } = offerWords(by.offer, m);
  return (
    <p>
      <bdi>{title}</bdi> <bdi>{why}</bdi>
    </p>
  );
}

interface ChoiceProps {
  old: DeviceView;
  chosen: Signal<string | undefined>;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

function Choice({ old, chosen, store, open }: ChoiceProps) {
  const { m } = useWords();
  const t = m.dialogs.replace;
  const boards = successorsOf(old, store.devices.value ?? []);
  if (boards.length === 0) {
    return (
      <div class="note wary">
        <strong>{t.none}</strong>
        <span>{t.noneHint}</span>
        <div class="actions">
          <button type="button" onClick={() => open({ kind: 'card', cardId: old.id })}>
            {m.actions.card}
          </button>
        </div>
      </div>
    );
  }
  return (
    <fieldset class="choice">
      <legend>{t.which}</legend>
      {boards.map((board) => (
        <label key={board.id}>
          <input
            type="radio"
            name="successor"
            value={board.id}
            checked={chosen.value === board.id}
            onChange={() => (chosen.value = board.id)}
          />
          <span>
            <bdi>{nameAndId(board, m)}</bdi>
            <span class="facts">
              {board.serial !== undefined && <span>{rich(t.serial, { serial: <bdi>{board.serial}</bdi> })}</span>}
              {board.macs[0] !== undefined && <bdi>{board.macs[0]}</bdi>}
              <span>{t.provedBy(m.evidence[board.evidence])}</span>
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Consequences({ old, by, store }: { old: DeviceView; by: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const t = m.dialogs.replace;
  const claim = store.claims.value.find(({ name }) => name === old.claim);
  const node = old.nodeName ?? claim?.nodeName ?? nameOf(old, m);
  const hasLabels = claim !== undefined && Object.keys(claim.labels).length > 0;
  const runs = old.stage === 'Ready' && groupOf(old) === 'ready';
  return (
    <>
      {runs && (
        <p class="note wary">
          <strong>{rich(t.isReady, { node: <bdi>{node}</bdi> })}</strong>
          <span>{t.isReadyHint}</span>
        </p>
      )}
      <ul class="list">
        <li>{rich(t.nodeGoes, { node: <bdi>{node}</bdi> })}</li>
        <li>
          {rich(hasLabels ? t.joinsWith : t.joins, {
            id: <code>{by.shortId}</code>,
            node: <bdi>{node}</bdi>,
            claim: <bdi>{old.claim ?? node}</bdi>,
          })}
          {claim !== undefined && <Labels labels={claim.labels} wanted />}
        </li>
        {by.evidence === 'None' && <li>{t.onceMore}</li>}
        <li>{t.oldStops}</li>
      </ul>
    </>
  );
}

import { useSignal, type Signal } from '@preact/signals';
import type { DeviceView } from '../../api/core/schemas.ts';
import { successorsOf } from '../card-actions.ts';
import { Comparison } from '../components/comparison.tsx';
import { Labels } from '../components/labels.tsx';
import { Note } from '../components/note.tsx';
import { groupOf, nameOf } from '../device-groups.ts';
import { EVIDENCE_WORDS } from '../evidence-words.ts';
import type { LiveStore } from '../live-store.ts';
import { offerWords } from '../offer-words.ts';
import type { Refusal } from '../requests.ts';
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
    <Modal title={`Give ${nameOf(old)}’s place to another board?`} busy={busy.value} onClose={onClose}>
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
                <span>
                  Claim <bdi>{nameOf(old)}</bdi>…
                </span>
              </button>
            )}
          </Note>
          <div class="actions end">
            <button type="button" autofocus disabled={busy.value} onClick={close}>
              Cancel
            </button>
            <button
              type="button"
              class="danger"
              disabled={busy.value || next === undefined}
              onClick={() => void replace(close)}
            >
              {busy.value ? 'One moment …' : 'Take its place'}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

function Reason({ by }: { by: DeviceView }) {
  if (by.offer === undefined) return null;
  const { title, why } = offerWords(by.offer);
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
  const boards = successorsOf(old, store.devices.value ?? []);
  if (boards.length === 0) {
    return (
      <div class="note wary">
        <strong>No other board waits here.</strong>
        <span>
          Put a new card of this site into a spare board and plug it in: it then shows up in this list. A card makes the
          board belong to this site.
        </span>
        <div class="actions">
          <button type="button" onClick={() => open({ kind: 'card', cardId: old.id })}>
            New card…
          </button>
        </div>
      </div>
    );
  }
  return (
    <fieldset class="choice">
      <legend>Which board takes its place?</legend>
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
            <bdi>{nameOf(board)}</bdi> <code>{board.shortId}</code>
            <span class="facts">
              {board.serial !== undefined && (
                <span>
                  serial <bdi>{board.serial}</bdi>
                </span>
              )}
              {board.macs[0] !== undefined && <bdi>{board.macs[0]}</bdi>}
              <span>proved by {EVIDENCE_WORDS[board.evidence]}</span>
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Consequences({ old, by, store }: { old: DeviceView; by: DeviceView; store: LiveStore }) {
  const claim = store.claims.value.find(({ name }) => name === old.claim);
  const node = old.nodeName ?? claim?.nodeName ?? nameOf(old);
  const runs = old.stage === 'Ready' && groupOf(old) === 'ready';
  return (
    <>
      {runs && (
        <p class="note wary">
          <strong>
            Node <bdi>{node}</bdi> is Ready at this moment.
          </strong>
          <span>
            If its board still runs, the newcomer is another board, or a copy of its card. Go on only if you want this
            newcomer in its place.
          </span>
        </p>
      )}
      <ul class="list">
        <li>
          Node <bdi>{node}</bdi> takes no new pods; those on it are moved away (for at most a minute, and not when it is
          dead), then it is deleted.
        </li>
        <li>
          Newcomer <code>{by.shortId}</code> joins as node <bdi>{node}</bdi>, by the claim{' '}
          <bdi>{old.claim ?? node}</bdi>
          {claim !== undefined && Object.keys(claim.labels).length > 0 ? ', with these labels:' : '.'}
          {claim !== undefined && <Labels labels={claim.labels} wanted />}
        </li>
        {by.evidence === 'None' && (
          <li>The card that it showed, used already or too old, is accepted once more: for this one key.</li>
        )}
        <li>
          The old one is told to stop when it comes back, and stands under “Set aside”. Repaired, it can be brought back
          from there under another name. If it was stolen, revoke it instead and give the newcomer another name: it
          still holds a certificate of this one.
        </li>
      </ul>
    </>
  );
}

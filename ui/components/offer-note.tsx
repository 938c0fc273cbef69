import type { DeviceView } from '../../api/core/schemas.ts';
import { nameOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { offerWords } from '../offer-words.ts';
import { Comparison } from './comparison.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** On a newcomer's card: whose place it may take, what speaks for that, and the button that says so. */
export function OfferNote({ device, store, open }: Props) {
  const { offer } = device;
  if (offer === undefined) return null;
  const old = store.devices.value?.find(({ id }) => id === offer.device);
  const { title, why } = offerWords(offer);
  return (
    <div class="note offer">
      <strong>
        <bdi>{title}</bdi>
      </strong>
      <span>
        <bdi>{why}</bdi>
      </span>
      {old !== undefined && <Comparison old={old} by={device} store={store} />}
      {old !== undefined && <TakeIt old={old} by={device} cardId={device.id} open={open} />}
    </div>
  );
}

/** On the card of the device whose place is asked for: who asks, with the same button. */
export function OfferedNote({ device, store, open }: Props) {
  const newcomers = (store.devices.value ?? []).filter(({ id }) => device.offeredBy?.includes(id) === true);
  return (
    <>
      {newcomers.map((by) => (
        <div class="note offer" key={by.id}>
          <strong>
            Newcomer <code>{by.shortId}</code> may be its new card or its new board.
          </strong>
          {by.offer !== undefined && (
            <span>
              <bdi>{offerWords(by.offer).why}</bdi>
            </span>
          )}
          <TakeIt old={device} by={by} cardId={device.id} open={open} />
        </div>
      ))}
    </>
  );
}

interface TakeItProps {
  old: DeviceView;
  by: DeviceView;
  cardId: string;
  open: (dialog: Dialog) => void;
}

function TakeIt({ old, by, cardId, open }: TakeItProps) {
  // A place is handed over by changing the claim of the one that has it.
  if (old.claim === undefined) {
    return (
      <>
        <span>
          <bdi>{nameOf(old)}</bdi> has no claim that could be handed over: claim it first.
        </span>
        <div class="actions">
          <button type="button" onClick={() => open({ kind: 'claim', cardId, device: old })}>
            <span>
              Claim <bdi>{nameOf(old)}</bdi>…
            </span>
          </button>
        </div>
      </>
    );
  }
  return (
    <div class="actions">
      <button
        type="button"
        class="primary"
        aria-label={`Take its place… (${by.shortId} for ${nameOf(old)})`}
        onClick={() => open({ kind: 'replace', cardId, old, by })}
      >
        Take its place…
      </button>
    </div>
  );
}

import type { DeviceView } from '../../api/core/schemas.ts';
import { nameOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { offerWords } from '../offer-words.ts';
import { rich, useWords } from '../words.tsx';
import { Comparison } from './comparison.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** On a newcomer's card: whose place it may take, what speaks for that, and the button that says so. */
export function OfferNote({ device, store, open }: Props) {
  const { m } = useWords();
  const { offer } = device;
  if (offer === undefined) return null;
  const old = store.devices.value?.find(({ id }) => id === offer.device);
  const { title, why } = offerWords(offer, m);
  return (
    <div class="note offer">
      <strong>
        <bdi>{title}</bdi>
      </strong>
      <span>
        <bdi>{why}</bdi>
      </span>
      {old !== undefined && <Comparison old={old} by={device} store={store} />}
      {old !== undefined && store.may('claimer') && <TakeIt old={old} by={device} cardId={device.id} open={open} />}
    </div>
  );
}

/** On the card of the device whose place is asked for: who asks, with the same button. */
export function OfferedNote({ device, store, open }: Props) {
  const { m } = useWords();
  const newcomers = (store.devices.value ?? []).filter(({ id }) => device.offeredBy?.includes(id) === true);
  return (
    <>
      {newcomers.map((by) => (
        <div class="note offer" key={by.id}>
          <strong>{rich(m.offer.newcomer, { id: <code>{by.shortId}</code> })}</strong>
          {by.offer !== undefined && (
            <span>
              <bdi>{offerWords(by.offer, m).why}</bdi>
            </span>
          )}
          {store.may('claimer') && <TakeIt old={device} by={by} cardId={device.id} open={open} />}
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
  const { m } = useWords();
  // A place is handed over by changing the claim of the one that has it.
  if (old.claim === undefined) {
    return (
      <>
        <span>{rich(m.offer.noClaim, { name: <bdi>{nameOf(old, m)}</bdi> })}</span>
        <div class="actions">
          <button type="button" onClick={() => open({ kind: 'claim', cardId, device: old })}>
            <span>{rich(m.offer.claim, { name: <bdi>{nameOf(old, m)}</bdi> })}</span>
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
        aria-label={m.offer.takeFor(by.shortId, nameOf(old, m))}
        onClick={() => open({ kind: 'replace', cardId, old, by })}
      >
        {m.offer.take}
      </button>
    </div>
  );
}

import { useSignal } from '@preact/signals';
import type { DecisionRequest, DeviceView } from '../../api/core/schemas.ts';
import { actionsOf, type CardAction } from '../card-actions.ts';
import { groupOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { detailsId } from './device-details.tsx';
import { Note } from './note.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  /** Whether the details are shown. */
  hasDetails: boolean;
  onDetails: () => void;
}

/** What is wrong with a device, with the buttons that mend it, and below those that help it on or keep it out. */
export function DeviceActions({ device, store, open, hasDetails, onDetails }: Props) {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const decide = async (decision: DecisionRequest['decision']): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.decide(device.id, decision);
    busy.value = false;
  };
  const button = ({ text, look, does, isRemedy }: CardAction) => (
    <button
      key={text}
      type="button"
      class={isRemedy && look === 'quiet' ? '' : look}
      disabled={'decision' in does && busy.value}
      onClick={() => {
        if ('dialog' in does) open(does.dialog);
        else void decide(does.decision);
      }}
    >
      {text}
    </button>
  );
  const actions = actionsOf(device);
  const remedies = actions.filter(({ isRemedy }) => isRemedy);
  return (
    <>
      <Note refusal={device.failure} calm={groupOf(device) === 'aside'}>
        {remedies.length > 0 && remedies.map(button)}
      </Note>
      <Warnings device={device} open={open} />
      <Note refusal={refusal.value} urgent />
      <div class="actions">
        {actions.filter(({ isRemedy }) => !isRemedy).map(button)}
        <button
          type="button"
          class="quiet soft"
          aria-expanded={hasDetails}
          aria-controls={detailsId(device)}
          onClick={onDetails}
        >
          Details
        </button>
      </div>
    </>
  );
}

/** The card of the board must be written anew, says the remedy. */
const WORN_CARD = new Set(['CARD_WORN', 'CARD_ERRORS']);

/** What will fail before long if nobody acts; it stops nothing now. */
function Warnings({ device, open }: Pick<Props, 'device' | 'open'>) {
  return (
    <>
      {device.warnings?.map(({ code, message, remedy }) => (
        <div class="note wary" key={code}>
          <strong>
            <bdi>{message}</bdi>
          </strong>
          <span>
            <bdi>{remedy}</bdi>
          </span>
          <code>{code}</code>
          {WORN_CARD.has(code) && (
            <div class="actions">
              <button type="button" onClick={() => open({ kind: 'card', cardId: device.id })}>
                New card…
              </button>
            </div>
          )}
        </div>
      ))}
    </>
  );
}

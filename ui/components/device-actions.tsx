import { useSignal } from '@preact/signals';
import type { DecisionRequest, DeviceView } from '../../api/core/schemas.ts';
import { actionsOf, mayDo, type CardAction } from '../card-actions.ts';
import { groupOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { detailsId } from './device-details.tsx';
import { Note } from './note.tsx';
import { Said } from './said.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  /** The button for the details, where they are folded away. */
  details?: { areShown: boolean; toggle: () => void };
}

/** What is wrong with a device, with the buttons that mend it, and below those that help it on or keep it out. */
export function DeviceActions({ device, store, open, details }: Props) {
  const { m } = useWords();
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const decide = async (decision: DecisionRequest['decision']): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.decide(device.id, decision);
    busy.value = false;
  };
  const button = ({ text, look, does, isRemedy }: CardAction) =>
    'href' in does ? (
      <a key={text} class={`button ${look}`} href={does.href}>
        {text}
      </a>
    ) : (
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
  const role = store.session.value?.user?.role;
  const actions = actionsOf(device, m).filter((action) => mayDo(action, role));
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
        {details !== undefined && (
          <button
            type="button"
            class="quiet soft"
            aria-expanded={details.areShown}
            aria-controls={detailsId(device)}
            onClick={details.toggle}
          >
            {m.actions.details}
          </button>
        )}
      </div>
    </>
  );
}

/** The card of the board must be written anew, says the remedy. */
const WORN_CARD = new Set(['CARD_WORN', 'CARD_ERRORS']);

/** What will fail before long if nobody acts; it stops nothing now. */
function Warnings({ device, open }: Pick<Props, 'device' | 'open'>) {
  const { m } = useWords();
  return (
    <>
      {device.warnings?.map(({ code, message, remedy }) => (
        <div class="note wary" key={code}>
          <strong>
            <Said text={message} code={code} />
          </strong>
          <span>
            <Said text={remedy} code={code} />
          </span>
          <code>{code}</code>
          {WORN_CARD.has(code) && (
            <div class="actions">
              <button type="button" onClick={() => open({ kind: 'card', cardId: device.id })}>
                {m.actions.card}
              </button>
            </div>
          )}
        </div>
      ))}
    </>
  );
}

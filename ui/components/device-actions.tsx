import { useSignal, type Signal } from '@preact/signals';
import type { DecisionRequest, DeviceView } from '../../api/core/schemas.ts';
import type { Dialog } from '../dialogs/open-dialog.tsx';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { detailsId } from './device-details.tsx';
import { Note } from './note.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  /** Whether the details are shown. */
  details: Signal<boolean>;
}

const ASIDE = new Set(['Rejected', 'Ignored', 'Revoked']);

/** The buttons that help a device on, or keep it out. What cannot be taken back easily asks first. */
export function DeviceActions({ device, store, open, details }: Props) {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const { stage, claim } = device;
  const hasKey = !device.id.startsWith('mac:');
  const isAside = ASIDE.has(stage);
  const mayKeepOut = hasKey && claim === undefined && !isAside && stage !== 'Ready';

  const decide = async (decision: DecisionRequest['decision']): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.decide(device.id, decision);
    busy.value = false;
  };
  const simple = (text: string, decision: DecisionRequest['decision'], look = '') => (
    <button type="button" class={look} disabled={busy.value} onClick={() => void decide(decision)}>
      {text}
    </button>
  );
  return (
    <>
      <Note refusal={refusal.value} urgent />
      <div class="actions">
        {claim === undefined && (device.claimable || stage === 'Seen' || stage === 'Ready') && (
          <button
            type="button"
            class={device.claimable ? 'primary' : ''}
            onClick={() => open({ kind: 'claim', cardId: device.id, device })}
          >
            {stage === 'Seen' ? 'Claim ahead…' : 'Claim…'}
          </button>
        )}
        {stage === 'NoEvidence' && (
          <button type="button" onClick={() => open({ kind: 'card', cardId: device.id })}>
            New card…
          </button>
        )}
        {stage === 'Failed' && simple('Retry now', 'Retry', claim === undefined ? '' : 'primary')}
        {stage === 'Quarantined' && (
          <button type="button" onClick={() => open({ kind: 'trust', cardId: device.id, device })}>
            Let it go on…
          </button>
        )}
        {isAside && simple('Reconsider', 'Undecided')}
        {claim !== undefined && (
          <button
            type="button"
            class="quiet"
            onClick={() => open({ kind: 'unclaim', cardId: device.id, claim, device })}
          >
            Unclaim…
          </button>
        )}
        {mayKeepOut && simple('Ignore', 'Ignored', 'quiet')}
        {mayKeepOut && (
          <button type="button" class="quiet" onClick={() => open({ kind: 'reject', cardId: device.id, device })}>
            Reject…
          </button>
        )}
        <button
          type="button"
          class="quiet soft"
          aria-expanded={details.value}
          aria-controls={detailsId(device)}
          onClick={() => (details.value = !details.value)}
        >
          Details
        </button>
      </div>
    </>
  );
}

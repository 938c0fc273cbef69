import type { DeviceView } from '../../api/core/schemas.ts';
import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { CardDialog } from './card-dialog.tsx';
import { ClaimDialog } from './claim-dialog.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { UnclaimDialog } from './unclaim-dialog.tsx';

/** A dialog to open; `cardId` is the card it is about. */
export type Dialog =
  | { kind: 'claim'; cardId: string; device: DeviceView }
  | { kind: 'unclaim'; cardId: string; claim: string; device?: DeviceView }
  | { kind: 'reject'; cardId: string; device: DeviceView }
  | { kind: 'trust'; cardId: string; device: DeviceView }
  | { kind: 'card'; cardId?: string };

interface Props {
  dialog: Dialog;
  store: LiveStore;
  onClose: () => void;
}

/** The dialog that is open: one at a time. */
export function OpenDialog({ dialog, store, onClose }: Props) {
  switch (dialog.kind) {
    case 'claim':
      return <ClaimDialog device={dialog.device} store={store} onClose={onClose} />;
    case 'unclaim':
      return <UnclaimDialog claim={dialog.claim} device={dialog.device} store={store} onClose={onClose} />;
    case 'card':
      return <CardDialog store={store} onClose={onClose} />;
    case 'reject':
      return (
        <ConfirmDialog
          title={`Reject ${nameOf(dialog.device)}?`}
          action="Reject"
          act={() => store.decide(dialog.device.id, 'Rejected')}
          onClose={onClose}
        >
          <p>
            It is turned away whenever it says hello, and gets no ticket. Nothing on the device itself is changed. You
            can reconsider at any time, under “Set aside”.
          </p>
        </ConfirmDialog>
      );
    case 'trust':
      return (
        <ConfirmDialog
          title={`Let ${nameOf(dialog.device)} go on?`}
          action="Let it go on"
          act={() => store.decide(dialog.device.id, 'Retry')}
          onClose={onClose}
        >
          <p>
            <bdi>{dialog.device.failure?.message ?? 'Something about this device is not as it was'}</bdi>. Do this only
            when you know why. It then waits for its claim and joins as any other.
          </p>
        </ConfirmDialog>
      );
  }
}

import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { CardDialog } from './card-dialog.tsx';
import { ClaimDialog } from './claim-dialog.tsx';
import { ClusterCaDialog } from './cluster-ca-dialog.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import type { Dialog } from './dialog.ts';
import { ReplaceDialog } from './replace-dialog.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import { UnclaimDialog } from './unclaim-dialog.tsx';

interface Props {
  dialog: Dialog;
  store: LiveStore;
  /** Opens another one in its place. */
  open: (dialog: Dialog) => void;
  onClose: () => void;
}

/** The dialog that is open: one at a time. */
export function OpenDialog({ dialog, store, open, onClose }: Props) {
  switch (dialog.kind) {
    case 'claim':
      return <ClaimDialog device={dialog.device} store={store} onClose={onClose} />;
    case 'unclaim':
      return <UnclaimDialog claim={dialog.claim} device={dialog.device} store={store} onClose={onClose} />;
    case 'replace':
      return <ReplaceDialog old={dialog.old} by={dialog.by} store={store} open={open} onClose={onClose} />;
    case 'revoke':
      return <RevokeDialog device={dialog.device} store={store} open={open} onClose={onClose} />;
    case 'cluster-ca':
      return <ClusterCaDialog store={store} onClose={onClose} />;
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
    case 'bring-back':
      return (
        <ConfirmDialog
          title={`Bring ${nameOf(dialog.device)} (${dialog.device.shortId}) back?`}
          action="Bring back"
          act={() => store.bringBack(dialog.device.id)}
          onClose={onClose}
        >
          <p>
            For a board that was repaired. The one that took its place keeps place, name and claim; this one waits for a
            claim of its own, and joins under another name.
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
            when you know why. It then waits for its claim and joins like the rest.
          </p>
        </ConfirmDialog>
      );
  }
}

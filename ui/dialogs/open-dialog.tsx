import { Said } from '../components/said.tsx';
import { nameAndId, nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { rich, useWords } from '../words.tsx';
import { BulkDialog } from './bulk-dialog.tsx';
import { CardDialog } from './card-dialog.tsx';
import { ClaimDialog } from './claim-dialog.tsx';
import { ClusterCaDialog } from './cluster-ca-dialog.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import type { Dialog } from './dialog.ts';
import { EditDialog } from './edit-dialog.tsx';
import { IdentifyDialog } from './identify-dialog.tsx';
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
  const { m } = useWords();
  switch (dialog.kind) {
    case 'claim':
      return <ClaimDialog device={dialog.device} store={store} onClose={onClose} />;
    case 'bulk':
      return <BulkDialog devices={dialog.devices} store={store} onClose={onClose} />;
    case 'edit':
      return <EditDialog claim={dialog.claim} store={store} onClose={onClose} />;
    case 'identify':
      return <IdentifyDialog device={dialog.device} store={store} onClose={onClose} />;
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
          title={m.dialogs.reject.title(nameOf(dialog.device, m))}
          action={m.dialogs.reject.action}
          act={() => store.decide(dialog.device.id, 'Rejected')}
          onClose={onClose}
        >
          <p>{m.dialogs.reject.hint}</p>
        </ConfirmDialog>
      );
    case 'bring-back':
      return (
        <ConfirmDialog
          title={m.dialogs.bringBack.title(nameAndId(dialog.device, m))}
          action={m.dialogs.bringBack.action}
          isHarmless
          act={() => store.bringBack(dialog.device.id)}
          onClose={onClose}
        >
          <p>{m.dialogs.bringBack.hint}</p>
        </ConfirmDialog>
      );
    case 'trust':
      return (
        <ConfirmDialog
          title={m.dialogs.trust.title(nameOf(dialog.device, m))}
          action={m.dialogs.trust.action}
          act={() => store.decide(dialog.device.id, 'Retry')}
          onClose={onClose}
        >
          <p>
            {rich(m.dialogs.trust.hint, {
              why:
                dialog.device.failure === undefined ? (
                  m.dialogs.trust.changed
                ) : (
                  <Said text={dialog.device.failure.message} code={dialog.device.failure.code} />
                ),
            })}
          </p>
        </ConfirmDialog>
      );
  }
}

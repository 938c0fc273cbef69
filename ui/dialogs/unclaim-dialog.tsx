import type { ClaimView, DeviceView } from '../../api/core/schemas.ts';
import type { LiveStore } from '../live-store.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';

interface Props {
  claim: string;
  device: DeviceView | undefined;
  store: LiveStore;
  onClose: () => void;
}

/** Says what taking a claim away does: that depends on how far its device is, and on the claim's reclaim policy. */
export function UnclaimDialog({ claim, device, store, onClose }: Props) {
  const view = store.claims.value.find((each) => each.name === claim);
  const title = device === undefined ? `Remove claim ${claim}?` : `Unclaim ${claim}?`;
  const action = device === undefined ? 'Remove claim' : 'Unclaim';
  return (
    <ConfirmDialog title={title} action={action} act={() => store.unclaim(claim)} onClose={onClose}>
      <p>
        <bdi>{consequence(view, device)}</bdi>
      </p>
    </ConfirmDialog>
  );
}

function consequence(claim: ClaimView | undefined, device: DeviceView | undefined): string {
  if (device === undefined) return 'No device has it yet, so nothing else changes.';
  const hasNode = claim?.phase === 'Joined' || device.stage === 'Ready';
  if (!hasNode) {
    return 'The device stops on its way: a ticket that is out is taken back. It then waits for a new claim.';
  }
  const node = device.nodeName ?? claim?.nodeName ?? 'its node';
  return claim?.reclaimPolicy === 'Release'
    ? `The claim says Release: node ${node} is deleted from the cluster and its pods end. The device then waits for a new claim.`
    : `The claim says Retain: node ${node} keeps running, with its labels and its pods. Only the claim goes; its device is shown as unclaimed.`;
}

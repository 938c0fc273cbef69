import type { ClaimView, DeviceView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { Pods } from '../components/pods.tsx';
import { badgeOf, groupOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
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
  const hasNode =
    device !== undefined && groupOf(device) !== 'aside' && (view?.phase === 'Joined' || device.stage === 'Ready');
  return (
    <ConfirmDialog title={title} action={action} act={() => store.unclaim(claim)} onClose={onClose}>
      <p>
        <bdi>{consequence(view, device, hasNode)}</bdi>
      </p>
      {hasNode && view?.reclaimPolicy === 'Release' && <Ends device={device} store={store} />}
    </ConfirmDialog>
  );
}

function consequence(claim: ClaimView | undefined, device: DeviceView | undefined, hasNode: boolean): string {
  if (device === undefined) return 'No device has it yet, so nothing else changes.';
  if (groupOf(device) === 'aside') {
    return `The device stays ${badgeOf(device).toLowerCase()}. Only the claim goes.`;
  }
  if (!hasNode) {
    return 'The device stops on its way: a ticket that is out is taken back. It then waits for a new claim.';
  }
  const node = device.nodeName ?? claim?.nodeName ?? 'its node';
  return claim?.reclaimPolicy === 'Release'
    ? `The claim says Release: node ${node} takes no new pods, its pods get up to a minute to move away, and the node is deleted from the cluster. The device then waits for a new claim.`
    : `The claim says Retain: node ${node} keeps running, with its labels and its pods. Only the claim goes; its device is shown as unclaimed. Claimed again as ${node} it goes on untouched; under another name it joins anew.`;
}

/** The pods that a release ends or moves. */
function Ends({ device, store }: { device: DeviceView; store: LiveStore }) {
  const view = useLoaded(() => store.revocation(device.id), device.id);
  if (view.refusal !== undefined) return <Note refusal={view.refusal} />;
  return view.body === undefined ? <p class="hint">Reading its pods …</p> : <Pods pods={view.body.pods} />;
}

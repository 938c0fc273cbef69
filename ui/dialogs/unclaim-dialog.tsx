import { useSignal } from '@preact/signals';
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

type Policy = ClaimView['reclaimPolicy'];

/** Says what taking a claim away does: that depends on how far its device is, and on what is to become of its node. */
export function UnclaimDialog({ claim, device, store, onClose }: Props) {
  const view = store.claims.value.find((each) => each.name === claim);
  const chosen = useSignal<Policy | undefined>(undefined);
  const policy = chosen.value ?? view?.reclaimPolicy ?? 'Retain';
  const title = device === undefined ? `Remove claim ${claim}?` : `Unclaim ${claim}?`;
  const action = device === undefined ? 'Remove claim' : 'Unclaim';
  const hasNode =
    device !== undefined && groupOf(device) !== 'aside' && (view?.phase === 'Joined' || device.stage === 'Ready');
  const node = device?.nodeName ?? view?.nodeName ?? 'its node';
  return (
    <ConfirmDialog title={title} action={action} act={() => store.unclaim(claim, chosen.value)} onClose={onClose}>
      {hasNode && <PolicyChoice node={node} policy={policy} onChoose={(next) => (chosen.value = next)} />}
      <p>
        <bdi>{hasNode ? endOf(node, policy) : consequence(device)}</bdi>
      </p>
      {hasNode && policy === 'Release' && <Ends device={device} store={store} />}
    </ConfirmDialog>
  );
}

interface PolicyChoiceProps {
  node: string;
  policy: Policy;
  onChoose: (policy: Policy) => void;
}

function PolicyChoice({ node, policy, onChoose }: PolicyChoiceProps) {
  const choices = { Retain: 'Keep it running', Release: 'Drain and delete it' } as const;
  return (
    <fieldset class="choice">
      <legend>
        What becomes of node <bdi>{node}</bdi>?
      </legend>
      {(['Retain', 'Release'] as const).map((each) => (
        <label key={each}>
          <input
            type="radio"
            name="policy"
            value={each}
            checked={policy === each}
            onChange={() => {
              onChoose(each);
            }}
          />
          <span>
            {choices[each]} <code>{each}</code>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function consequence(device: DeviceView | undefined): string {
  if (device === undefined) return 'No device has it yet, so nothing else changes.';
  if (groupOf(device) === 'aside') {
    return `The device stays ${badgeOf(device).toLowerCase()}. Only the claim goes.`;
  }
  return 'The device stops on its way: a ticket that is out is taken back. It then waits for a new claim.';
}

function endOf(node: string, policy: Policy): string {
  return policy === 'Release'
    ? `Release: node ${node} takes no new pods, its pods get up to a minute to move away, and the node is deleted from the cluster. The device then waits for a new claim.`
    : `Retain: node ${node} keeps running, with its labels and its pods. Only the claim goes; its device is shown as unclaimed. Claimed again as ${node} it goes on untouched; under another name it joins anew.`;
}

/** The pods that a release ends or moves. */
function Ends({ device, store }: { device: DeviceView; store: LiveStore }) {
  const view = useLoaded(() => store.revocation(device.id), device.id);
  if (view.refusal !== undefined) return <Note refusal={view.refusal} />;
  return view.body === undefined ? <p class="hint">Reading its pods …</p> : <Pods pods={view.body.pods} />;
}

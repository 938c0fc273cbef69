import { useSignal } from '@preact/signals';
import type { ClaimView, DeviceView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { Pods } from '../components/pods.tsx';
import { badgeOf, groupOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import type { Messages } from '../messages/en.ts';
import { rich, useWords } from '../words.tsx';
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
  const { m } = useWords();
  const t = m.dialogs.unclaim;
  const view = store.claims.value.find((each) => each.name === claim);
  const chosen = useSignal<Policy | undefined>(undefined);
  const policy = chosen.value ?? view?.reclaimPolicy ?? 'Retain';
  const title = device === undefined ? t.removeTitle(claim) : t.title(claim);
  const action = device === undefined ? t.removeAction : t.action;
  const hasNode =
    device !== undefined && groupOf(device) !== 'aside' && (view?.phase === 'Joined' || device.stage === 'Ready');
  const node = device?.nodeName ?? view?.nodeName ?? claim;
  return (
    <ConfirmDialog title={title} action={action} act={() => store.unclaim(claim, chosen.value)} onClose={onClose}>
      {hasNode && <PolicyChoice node={node} policy={policy} onChoose={(next) => (chosen.value = next)} />}
      <p>
        <bdi>{hasNode ? endOf(node, policy, m) : consequence(device, m)}</bdi>
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
  const t = useWords().m.dialogs.unclaim;
  return (
    <fieldset class="choice">
      <legend>{rich(t.what, { node: <bdi>{node}</bdi> })}</legend>
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
            {t[each]} <code>{each}</code>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function consequence(device: DeviceView | undefined, m: Messages): string {
  if (device === undefined) return m.dialogs.unclaim.noDevice;
  if (groupOf(device) === 'aside') {
    return m.dialogs.unclaim.aside(badgeOf(device, m));
  }
  return m.dialogs.unclaim.onWay;
}

function endOf(node: string, policy: Policy, m: Messages): string {
  return policy === 'Release' ? m.dialogs.unclaim.released(node) : m.dialogs.unclaim.retained(node);
}

/** The pods that a release ends or moves. */
function Ends({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m: texts } = useWords();
  const view = useLoaded(() => store.revocation(device.id), device.id);
  if (view.refusal !== undefined) return <Note refusal={view.refusal} />;
  return view.body === undefined ? (
    <p class="hint">{texts.dialogs.unclaim.readingPods}</p>
  ) : (
    <Pods pods={view.body.pods} />
  );
}

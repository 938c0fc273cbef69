import { useSignal } from '@preact/signals';
import type { DeviceView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { nameOf } from '../device-groups.ts';
import { labelProblems, nameProblem } from '../label-rules.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { LabelFields, type LabelRow } from './label-fields.tsx';
import { Modal } from './modal.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  onClose: () => void;
}

/** Names the node and gives it its labels; checked while typed, and again by the appliance. */
export function ClaimDialog({ device, store, onClose }: Props) {
  // A node that lost its claim goes on untouched under the name it has.
  const nodeName = device.stage === 'Ready' ? device.nodeName : undefined;
  const name = useSignal(nodeName ?? '');
  const rows = useSignal<LabelRow[]>([{ id: 0, key: '', value: '' }]);
  const tried = useSignal(false);
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const nameWrong = name.value === '' && !tried.value ? undefined : nameProblem(name.value);
  const problems = labelProblems(rows.value);

  const submit = async (form: HTMLFormElement, close: () => void): Promise<void> => {
    if (busy.value) return;
    tried.value = true;
    if (nameProblem(name.value) !== undefined || problems.some((problem) => problem !== undefined)) {
      requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid=true]')?.focus());
      return;
    }
    busy.value = true;
    const labels = rows.value.filter(({ key }) => key !== '').map(({ key, value }) => [key, value] as const);
    refusal.value = await store.claim({ name: name.value, device: device.id, labels: Object.fromEntries(labels) });
    busy.value = false;
    if (refusal.value === undefined) close();
  };
  return (
    <Modal title={`Claim ${nameOf(device)}`} busy={busy.value} onClose={onClose}>
      {(close) => (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void submit(event.currentTarget, close);
          }}
        >
          <About device={device} store={store} />
          <label for="claim-name">Name of the node</label>
          <input
            id="claim-name"
            autofocus
            required
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder="lathe-left"
            aria-invalid={nameWrong !== undefined}
            aria-describedby="claim-name-problem"
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
          <p class="problem" id="claim-name-problem" aria-live="polite">
            {nameWrong}
          </p>
          {nodeName !== undefined && nameProblem(name.value) === undefined && (
            <NodeStays nodeName={nodeName} name={name.value} />
          )}
          <LabelFields rows={rows} problems={problems} store={store} />
          <Note refusal={refusal.value} urgent />
          <div class="actions end">
            <button type="button" disabled={busy.value} onClick={close}>
              Cancel
            </button>
            <button type="submit" class="primary" disabled={busy.value}>
              {busy.value ? 'Claiming …' : 'Claim'}
            </button>
          </div>
        </form>
      )}
    </Modal>
  );
}

/** What the claim does to the node that the device is already. */
function NodeStays({ nodeName, name }: { nodeName: string; name: string }) {
  if (name === nodeName) {
    return (
      <p class="hint">
        Under this name node <bdi>{nodeName}</bdi> goes on untouched, and gets the labels below.
      </p>
    );
  }
  return (
    <p class="note wary">
      <strong>
        The device joins anew, as <bdi>{name}</bdi>.
      </strong>
      <span>
        Node <bdi>{nodeName}</bdi> takes no new pods, its pods get up to a minute to move away, and it is deleted. The
        device then joins under the new name by itself, at its next check-in.
      </span>
    </p>
  );
}

function About({ device, store }: { device: DeviceView; store: LiveStore }) {
  const now = store.devices.value?.find(({ id }) => id === device.id);
  const board = device.serial === undefined ? device.macs[0] : `serial ${device.serial}`;
  const facts = new Set([device.model ?? device.vendor, device.ip, board].filter((fact) => fact !== undefined));
  return (
    <>
      <p class="facts">
        <code>{device.shortId}</code>
        {[...facts].map((fact) => (
          <bdi key={fact}>{fact}</bdi>
        ))}
      </p>
      {device.stage === 'Seen' && (
        <p class="note wary">
          <strong>It has only been seen so far.</strong>
          <span>The claim is kept by its MAC address. It joins once it is started with a card of this site.</span>
        </p>
      )}
      {now === undefined && (
        <p class="note wary">
          <strong>It is no longer on the network.</strong>
        </p>
      )}
    </>
  );
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeviceView, RevocationView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import { More, Pods } from '../components/pods.tsx';
import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { useLoaded } from '../use-loaded.ts';
import type { Dialog } from './dialog.ts';
import { Modal } from './modal.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  onClose: () => void;
}

/** Says what revoking stops, has the name typed, and says afterwards what whoever holds the board could still do. */
export function RevokeDialog({ device, store, open, onClose }: Props) {
  const view = useLoaded(() => store.revocation(device.id), device.id);
  const done = useSignal(false);
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const name = view.body?.nodeName ?? device.nodeName ?? device.shortId;
  const revoke = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.decide(device.id, 'Revoked');
    busy.value = false;
    done.value = refusal.value === undefined;
  };
  return (
    <Modal title={done.value ? `${name} is revoked` : `Revoke ${name}?`} busy={busy.value} readFirst onClose={onClose}>
      {(close) =>
        done.value ? (
          <Afterwards device={device} view={view.body} store={store} open={open} close={close} />
        ) : (
          <>
            <p>
              For a board that was stolen, or whose card was copied. It is told to stop and never let in again, and its
              name is never given out again.
            </p>
            <Pending of={view} what="what would stop">
              {(body) => <Stops view={body} />}
            </Pending>
            <TypedName
              name={name}
              isBusy={busy.value}
              mayGoOn={view.body !== undefined}
              refusal={refusal.value}
              onConfirm={() => void revoke()}
              close={close}
            />
          </>
        )
      }
    </Modal>
  );
}

function Stops({ view }: { view: RevocationView }) {
  return (
    <>
      {view.nodeName === undefined ? (
        <p>It has no node, so nothing in the cluster stops.</p>
      ) : (
        <>
          <h3>
            Node <bdi>{view.nodeName}</bdi> is drained and deleted
          </h3>
          <Pods pods={view.pods} />
        </>
      )}
      {view.secrets.length > 0 && (
        <>
          <h3>Change what these Secrets hold: whoever has the board may know them</h3>
          <ul class="list tight">
            {view.secrets.slice(0, 8).map((secret) => (
              <li key={`${secret.namespace}/${secret.name}`}>
                <code>
                  <bdi>{secret.namespace}</bdi>/<bdi>{secret.name}</bdi>
                </code>
              </li>
            ))}
            <More count={view.secrets.length - 8} />
          </ul>
        </>
      )}
      <Left sentences={view.afterwards} />
    </>
  );
}

function Left({ sentences }: { sentences: readonly string[] }) {
  if (sentences.length === 0) return null;
  return (
    <div class="note wary">
      <strong>What is left afterwards</strong>
      <ul class="list tight">
        {sentences.map((sentence) => (
          <li key={sentence}>
            <bdi>{sentence}</bdi>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface TypedNameProps {
  name: string;
  isBusy: boolean;
  /** Nobody is asked to confirm what they were not told. */
  mayGoOn: boolean;
  refusal: Refusal | undefined;
  onConfirm: () => void;
  close: () => void;
}

function TypedName({ name, isBusy, mayGoOn, refusal, onConfirm, close }: TypedNameProps) {
  const typed = useSignal('');
  const isTried = useSignal(false);
  const isWrong = isTried.value && typed.value.trim() !== name;
  const submit = (form: HTMLFormElement): void => {
    isTried.value = true;
    if (typed.value.trim() === name) onConfirm();
    else form.querySelector<HTMLElement>('input')?.focus();
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      <label for="revoke-name">
        Type{' '}
        <code>
          <bdi>{name}</bdi>
        </code>{' '}
        to revoke it
      </label>
      <input
        id="revoke-name"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={isWrong}
        aria-describedby="revoke-name-problem"
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <p class="problem" id="revoke-name-problem" aria-live="polite">
        {isWrong ? `That is not “${name}”.` : undefined}
      </p>
      <Note refusal={refusal} urgent />
      <div class="actions end">
        <button type="button" disabled={isBusy} onClick={close}>
          Cancel
        </button>
        <button type="submit" class="danger" disabled={isBusy || !mayGoOn}>
          {isBusy ? 'Revoking …' : 'Revoke'}
        </button>
      </div>
    </form>
  );
}

interface AfterwardsProps {
  device: DeviceView;
  view: RevocationView | undefined;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  close: () => void;
}

function Afterwards({ device, view, store, open, close }: AfterwardsProps) {
  // The button that was pressed is gone, and the new title is what is to be read now.
  useEffect(() => document.getElementById('dialog-title')?.focus(), []);
  const now = store.devices.value?.find(({ id }) => id === device.id);
  return (
    <>
      <p role="status">
        <bdi>{nameOf(device)}</bdi> gets no ticket any more, and is told to stop when it checks in.{' '}
        {view?.nodeName !== undefined && 'Its node is being drained and then deleted.'}
        {now?.waitsFor !== undefined && (
          <>
            {' '}
            Now: <bdi>{now.waitsFor}</bdi>.
          </>
        )}
      </p>
      <Left sentences={view?.afterwards ?? []} />
      <div class="actions end">
        <button type="button" onClick={() => open({ kind: 'cluster-ca', cardId: device.id })}>
          Rotate the CA…
        </button>
        <button type="button" class="primary" onClick={close}>
          Done
        </button>
      </div>
    </>
  );
}

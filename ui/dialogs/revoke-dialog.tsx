import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeviceView, RevocationView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { Pending } from '../components/pending.tsx';
import { More, Pods } from '../components/pods.tsx';
import { Said } from '../components/said.tsx';
import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { useLoaded } from '../use-loaded.ts';
import { rich, useWords } from '../words.tsx';
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
  const t = useWords().m.dialogs.revoke;
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
    <Modal title={done.value ? t.doneTitle(name) : t.title(name)} busy={busy.value} readFirst onClose={onClose}>
      {(close) =>
        done.value ? (
          <Afterwards device={device} view={view.body} store={store} open={open} close={close} />
        ) : (
          <>
            <p>{t.hint}</p>
            <Pending of={view} what={t.what}>
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
  const t = useWords().m.dialogs.revoke;
  return (
    <>
      {view.nodeName === undefined ? (
        <p>{t.noNode}</p>
      ) : (
        <>
          <h3>{rich(t.drained, { node: <bdi>{view.nodeName}</bdi> })}</h3>
          <Pods pods={view.pods} />
        </>
      )}
      {view.secrets.length > 0 && (
        <>
          <h3>{t.secrets}</h3>
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
  const { m } = useWords();
  if (sentences.length === 0) return null;
  return (
    <div class="note wary">
      <strong>{m.dialogs.revoke.left}</strong>
      <ul class="list tight">
        {sentences.map((sentence) => (
          <li key={sentence}>
            <Said text={sentence} />
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
  const { m } = useWords();
  const t = m.dialogs.revoke;
  const typed = useSignal('');
  const isTried = useSignal(false);
  const isWrong = isTried.value && typed.value.trim() !== name;
  const submit = (form: HTMLFormElement): void => {
    isTried.value = true;
    if (typed.value.trim() === name) onConfirm();
    else {
      const input = form.querySelector('input');
      input?.focus();
      // What is said of it stands below it.
      input?.scrollIntoView({ block: 'center' });
    }
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
        {rich(t.type, {
          name: (
            <code>
              <bdi>{name}</bdi>
            </code>
          ),
        })}
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
        {isWrong ? t.wrong(name) : undefined}
      </p>
      <Note refusal={refusal} urgent />
      <div class="actions end">
        <button type="button" disabled={isBusy} onClick={close}>
          {m.common.cancel}
        </button>
        <button type="submit" class="danger" disabled={isBusy || !mayGoOn}>
          {isBusy ? t.busy : t.action}
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
  const { m } = useWords();
  const t = m.dialogs.revoke;
  // The button that was pressed is gone, and the new title is what is to be read now.
  useEffect(() => document.querySelector<HTMLElement>('.dialog-title')?.focus(), []);
  const now = store.devices.value?.find(({ id }) => id === device.id);
  return (
    <>
      <p role="status">
        {rich(t.done, { name: <bdi>{nameOf(device, m)}</bdi> })} {view?.nodeName !== undefined && t.nodeGoes}
        {now?.waitsFor !== undefined && <> {rich(t.now, { waits: <Said text={now.waitsFor} /> })}</>}
      </p>
      <Left sentences={view?.afterwards ?? []} />
      <div class="actions end">
        <button type="button" onClick={() => open({ kind: 'cluster-ca', cardId: device.id })}>
          {m.actions.rotate}
        </button>
        <button type="button" class="primary" onClick={close}>
          {m.common.done}
        </button>
      </div>
    </>
  );
}

import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { DeviceView } from '../../api/core/schemas.ts';
import { badgeOf, groupOf, LAST_STEP, nameOf, stepOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/open-dialog.tsx';
import type { FocusKeeper } from '../focus-keeper.ts';
import type { LiveStore } from '../live-store.ts';
import { Age } from './age.tsx';
import { DeviceActions } from './device-actions.tsx';
import { DeviceDetails } from './device-details.tsx';
import { Labels } from './labels.tsx';
import { Note } from './note.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  focus: FocusKeeper;
}

/** One device: what it is, where it stands, what it waits for, and the buttons that help. */
export function DeviceCard({ device, store, open, focus }: Props) {
  const card = useRef<HTMLLIElement>(null);
  const { id } = device;
  useLayoutEffect(() => {
    const element = card.current;
    focus.cardArrives(id, element);
    return () => focus.cardLeaves(id, element);
  }, [id, focus]);
  const details = useSignal(false);
  const title = `device-${id}`;
  return (
    <li
      ref={card}
      class={`card stage-${device.stage.toLowerCase()} in-${groupOf(device)}`}
      data-card-id={id}
      aria-labelledby={title}
    >
      <div class="card-head">
        <h3 id={title} tabIndex={-1}>
          <bdi>{nameOf(device)}</bdi>
        </h3>
        <span class="badge">{badgeOf(device)}</span>
        <span class="age">
          <Age store={store} at={device.since} />
        </span>
      </div>
      <Facts device={device} />
      <Progress device={device} />
      <Sentence device={device} store={store} />
      <Note refusal={device.failure} />
      <CardLabels device={device} store={store} />
      <DeviceActions device={device} store={store} open={open} details={details} />
      {details.value && <DeviceDetails device={device} store={store} />}
    </li>
  );
}

/** What tells this board from the one beside it. */
function Facts({ device }: { device: DeviceView }) {
  const what = device.nodeName ?? device.hostname;
  const model = device.model ?? device.vendor;
  const mac = groupOf(device) === 'ready' ? undefined : device.macs[0];
  const facts = new Set([what === undefined ? undefined : model, device.ip, mac]);
  return (
    <p class="facts">
      <code>{device.shortId}</code>
      {[...facts]
        .filter((fact) => fact !== undefined && fact !== device.shortId)
        .map((fact) => (
          <bdi key={fact}>{fact}</bdi>
        ))}
    </p>
  );
}

function Progress({ device }: { device: DeviceView }) {
  const step = stepOf(device);
  if (step === undefined) return null;
  const text = `Step ${String(step)} of ${String(LAST_STEP)}`;
  return <progress max={LAST_STEP} value={step} aria-label={text} title={text} />;
}

function Sentence({ device, store }: { device: DeviceView; store: LiveStore }) {
  const retryAt = device.failure?.retryAt;
  if (device.stage === 'Failed') {
    return (
      <p class="waits">
        {retryAt === undefined ? (
          'It is not tried again by itself.'
        ) : (
          <>
            It is tried again by itself in <Age store={store} at={retryAt} />.
          </>
        )}
      </p>
    );
  }
  if (device.waitsFor === undefined) return null;
  return (
    <p class="waits">
      <bdi>{sentence(device.waitsFor)}</bdi>
    </p>
  );
}

function CardLabels({ device, store }: { device: DeviceView; store: LiveStore }) {
  if (device.labels !== undefined && groupOf(device) === 'ready') return <Labels labels={device.labels} />;
  const claim = store.claims.value.find((each) => each.name === device.claim);
  return claim === undefined ? null : <Labels labels={claim.labels} wanted={device.stage !== 'Ready'} />;
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

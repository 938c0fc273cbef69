import type { Signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { DeviceView } from '../../api/core/schemas.ts';
import { replacingClaim } from '../card-actions.ts';
import { badgeOf, claimOf, groupOf, LAST_STEP, nameAndId, nameOf, stepOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { FocusKeeper } from '../focus-keeper.ts';
import type { LiveStore } from '../live-store.ts';
import { deviceHref } from '../route.ts';
import { rich, useWords } from '../words.tsx';
import { Age } from './age.tsx';
import { DeviceActions } from './device-actions.tsx';
import { DeviceDetails } from './device-details.tsx';
import { Labels } from './labels.tsx';
import { OfferedNote, OfferNote } from './offer-note.tsx';

interface Props {
  device: DeviceView;
  /** Ids of the devices whose details are shown. */
  detailed: Signal<ReadonlySet<string>>;
  store: LiveStore;
  open: (dialog: Dialog) => void;
  focus: FocusKeeper;
}

/** One device: what it is, where it stands, what it waits for, and the buttons that help. */
export function DeviceCard({ device, detailed, store, open, focus }: Props) {
  const { m } = useWords();
  const card = useRef<HTMLLIElement>(null);
  const { id } = device;
  useLayoutEffect(() => {
    const element = card.current;
    focus.cardArrives(id, element);
    return () => focus.cardLeaves(id, element);
  }, [id, focus]);
  const hasDetails = detailed.value.has(id);
  const toggle = (): void => {
    const others = [...detailed.value].filter((each) => each !== id);
    detailed.value = new Set(hasDetails ? others : [...others, id]);
  };
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
          <a href={deviceHref(id)}>
            <bdi>{nameOf(device, m)}</bdi>
          </a>
        </h3>
        <span class="badge">{badgeOf(device, m)}</span>
        <span class="age">
          <Age store={store} at={device.since} />
        </span>
      </div>
      <DeviceStand device={device} store={store} open={open} />
      <DeviceActions device={device} store={store} open={open} details={{ areShown: hasDetails, toggle }} />
      {hasDetails && <DeviceDetails device={device} store={store} />}
    </li>
  );
}

/** Where a device stands: facts, how far it is, what it waits for, its labels, and whose place it may take. */
export function DeviceStand({ device, store, open }: Pick<Props, 'device' | 'store' | 'open'>) {
  return (
    <>
      <Facts device={device} />
      <Progress device={device} />
      {device.stage === 'Replaced' && <TakenPlace device={device} store={store} />}
      <Sentence device={device} store={store} />
      <CardLabels device={device} store={store} />
      {groupOf(device) !== 'aside' && <OfferNote device={device} store={store} open={open} />}
      <OfferedNote device={device} store={store} open={open} />
    </>
  );
}

/** What tells this board from the one beside it. */
function Facts({ device }: { device: DeviceView }) {
  const what = device.nodeName ?? device.hostname;
  const mac = groupOf(device) === 'ready' ? undefined : device.macs[0];
  const facts = new Set([device.model ?? (what === undefined ? undefined : device.vendor), device.ip, mac]);
  // A board without a name of its own is called by its short id.
  const isNamedById = what === undefined && device.model !== undefined;
  return (
    <p class="facts">
      {!isNamedById && <code>{device.shortId}</code>}
      {[...facts]
        .filter((fact) => fact !== undefined && fact !== device.shortId)
        .map((fact) => (
          <bdi key={fact}>{fact}</bdi>
        ))}
    </p>
  );
}

function Progress({ device }: { device: DeviceView }) {
  const { m } = useWords();
  const step = stepOf(device);
  if (step === undefined) return null;
  const text = m.card.step(step, LAST_STEP);
  return <progress max={LAST_STEP} value={step} aria-label={text} title={text} />;
}

function Sentence({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const retryAt = device.failure?.retryAt;
  if (device.stage === 'Failed') {
    return (
      <p class="waits">
        {retryAt === undefined
          ? m.card.notRetried
          : rich(m.card.retriedIn, { age: <Age store={store} at={retryAt} /> })}
      </p>
    );
  }
  // What an offer waits for is said by the offer itself.
  if (device.waitsFor === undefined || device.offer !== undefined) return null;
  const told = m.server(device.waitsFor);
  return (
    <p class="waits">
      <bdi {...(told === undefined ? { lang: 'en' } : {})}>{sentence(told ?? device.waitsFor)}</bdi>
    </p>
  );
}

/** Who has a replaced device's place, and which claim says so. */
function TakenPlace({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const next = store.devices.value?.find(({ id }) => id === device.replacedBy);
  const claim = replacingClaim(device, store.claims.value);
  if (next === undefined) return null;
  return (
    <p class="waits">
      {rich(m.card.takenBy, {
        device: (
          <a href={deviceHref(next.id)}>
            <bdi>{nameAndId(next, m)}</bdi>
          </a>
        ),
      })}{' '}
      {claim !== undefined && rich(m.card.takenByClaim, { name: <bdi>{claim.name}</bdi> })}
    </p>
  );
}

function CardLabels({ device, store }: { device: DeviceView; store: LiveStore }) {
  if (device.labels !== undefined && groupOf(device) === 'ready') return <Labels labels={device.labels} />;
  // What was set aside gets none, whatever its claim wants.
  if (groupOf(device) === 'aside') return null;
  const claim = store.claims.value.find((each) => each.name === claimOf(device));
  return claim === undefined ? null : <Labels labels={claim.labels} wanted={device.stage !== 'Ready'} />;
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

import { useEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { DeviceView } from '../../api/core/schemas.ts';
import { spanText } from '../age.ts';
import { badgeOf, claimOf, groupOf, nameOf } from '../device-groups.ts';
import type { Dialog } from '../dialogs/dialog.ts';
import type { LiveStore } from '../live-store.ts';
import { Lazy } from '../lazy.tsx';
import { hrefOf } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { pairTextOf } from '../pair-rules.ts';
import { wayOf } from '../way.ts';
import { useWords } from '../words.tsx';
import { Age } from './age.tsx';
import { DeviceActions } from './device-actions.tsx';
import { DeviceStand } from './device-card.tsx';
import { Conditions, Evidence, Hardware, OnNetwork, Row } from './device-details.tsx';
import { Labels } from './labels.tsx';
import { Entries } from './story.tsx';
import { Pending } from './pending.tsx';
import { Pods } from './pods.tsx';

/** Kubernetes tells whole seconds: less is not known. */
const LEAST_MS = 1000;

const loadNodeServices = async () => (await import('./node-services.tsx')).NodeServices;

interface Props {
  id: string;
  store: LiveStore;
  open: (dialog: Dialog) => void;
}

/** One device: where it stands and what helps it on, its way with the time of each step, and all that is known of it. */
export function DevicePage({ id, store, open }: Props) {
  const { m } = useWords();
  const device = namedBy(id, store.devices.value ?? []);
  // A device that leaves while somebody reads about it stays readable.
  const last = useRef<DeviceView | undefined>(undefined);
  if (device !== undefined) last.current = device;
  const shown = device ?? (last.current?.id === id ? last.current : undefined);
  useEffect(() => {
    if (shown !== undefined) document.getElementById(`device-${shown.id}`)?.focus({ preventScroll: true });
  }, [id, shown === undefined]);
  if (store.devices.value === undefined) return <p class="splash">{m.site.looking}</p>;
  return (
    <>
      <p class="back">
        <a href={hrefOf('site')}>← {m.nav.back}</a>
      </p>
      {device === undefined && (
        <div class="note wary" role="status">
          <strong>{m.details.gone}</strong>
          <span>{m.details.goneHint}</span>
        </div>
      )}
      {shown !== undefined && <Known device={shown} store={store} open={open} />}
    </>
  );
}

/** A link has the id of a device; a label also that of a claim, which is the device's name. */
function namedBy(id: string, devices: readonly DeviceView[]): DeviceView | undefined {
  return devices.find((each) => each.id === id.toLowerCase()) ?? devices.find((each) => claimOf(each) === id);
}

function Known({ device, store, open }: { device: DeviceView } & Omit<Props, 'id'>) {
  const { m } = useWords();
  const story = useLoaded(() => store.story(device.id), device);
  const title = `device-${device.id}`;
  return (
    <article class="device-page" aria-labelledby={title}>
      <section
        class={`card stage-${device.stage.toLowerCase()} in-${groupOf(device)}`}
        data-card-id={device.id}
        aria-labelledby={title}
      >
        <div class="card-head">
          <h2 id={title} tabIndex={-1}>
            <bdi>{nameOf(device, m)}</bdi>
          </h2>
          <span class="badge">{badgeOf(device, m)}</span>
          <span class="age">
            <Age store={store} at={device.since} />
          </span>
        </div>
        <DeviceStand device={device} store={store} open={open} />
        <DeviceActions device={device} store={store} open={open} />
      </section>
      <Way device={device} entries={story.body?.entries ?? []} />
      <div class="facets">
        <Facet id="hardware" title={m.details.hardware}>
          <Hardware device={device} />
        </Facet>
        <Facet id="evidence" title={m.details.evidence}>
          <Evidence device={device} />
        </Facet>
        <Facet id="network" title={m.details.network}>
          <OnNetwork device={device} store={store} />
        </Facet>
        <NodeFacet device={device} store={store} />
        {device.nodeName !== undefined && device.offer === undefined && (
          <Facet id="services" title={m.screens.services.onNode}>
            <Lazy load={loadNodeServices} with={{ node: device.nodeName, store }} />
          </Facet>
        )}
        {device.stage === 'Ready' && <PodsFacet key={device.nodeName} device={device} store={store} />}
      </div>
      <section class="story panel" aria-labelledby="story-title">
        <h3 id="story-title">{m.story.title}</h3>
        <Pending of={story} what={m.story.what}>
          {({ entries }) => <Entries entries={entries} store={store} />}
        </Pending>
      </section>
    </article>
  );
}

/** From the first sighting to the node, and how long each step took. */
function Way({ device, entries }: { device: DeviceView; entries: Parameters<typeof wayOf>[1] }) {
  const words = useWords();
  const { m } = words;
  return (
    <section class="panel" aria-labelledby="way-title">
      <h3 id="way-title">{m.details.way}</h3>
      <ol class="way-steps">
        {wayOf(device, entries).map(({ step, state, tookMs }) => (
          <li key={step} class={state} {...(state === 'now' ? { 'aria-current': 'step' as const } : {})}>
            <b>{m.way[step]}</b>
            <span class="hint">
              {state === 'done' && tookMs !== undefined && tookMs >= LEAST_MS
                ? m.way.took(spanText(tookMs, words))
                : m.way[state]}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function NodeFacet({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const claim = store.claims.value.find(({ name }) => name === claimOf(device));
  const { name: pair, role } = pairTextOf(claim);
  return (
    <Facet id="node" title={m.details.node}>
      {device.nodeName === undefined && claim === undefined && <p class="hint">{m.details.notANode}</p>}
      <dl>
        <Row name={m.details.nodeName}>{device.offer === undefined && device.nodeName}</Row>
        <Row name={m.details.claim}>{claim?.name}</Row>
        {role !== '' && <Row name={m.dialogs.pair.name}>{`${pair} · ${m.dialogs.pair[role]}`}</Row>}
      </dl>
      {claim !== undefined && <Labels labels={device.labels ?? claim.labels} wanted={device.labels === undefined} />}
      <Conditions device={device} />
    </Facet>
  );
}

/** What runs on its node, and what would become of each when the node goes. */
function PodsFacet({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const view = useLoaded(() => store.revocation(device.id), device.stage);
  return (
    <Facet id="pods" title={m.pods.title}>
      <Pending of={view} what={m.pods.what}>
        {({ pods }) => (
          <>
            {pods.length > 0 && <p class="hint">{m.pods.ifItGoes}</p>}
            <Pods pods={pods} />
          </>
        )}
      </Pending>
    </Facet>
  );
}

function Facet({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section class="panel" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      {children}
    </section>
  );
}

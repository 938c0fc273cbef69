import { useSignal } from '@preact/signals';
import type { SensorServiceView, ServiceUnit } from '../../api/core/schemas.ts';
import { requestTo } from '../../api/client/request-to.ts';
import { Age, Ago } from '../components/age.tsx';
import { Row } from '../components/device-details.tsx';
import { Labels } from '../components/labels.tsx';
import { Pending } from '../components/pending.tsx';
import { Said } from '../components/said.tsx';
import type { LiveStore } from '../live-store.ts';
import { hrefOf } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { rich, useWords } from '../words.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Panel, Screen } from './screen.tsx';
import { HandOverDialog, TakeOverDialog } from './service-dialogs.tsx';
import { ServiceBadge, toneOf } from './service-parts.tsx';

/** One sensor service: its units, who is active in each and why another one does not run, and handing over. */
export function ServiceScreen({ store, router }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.services;
  const route = router.route.value;
  const id = route.view === 'service' ? route.id : '';
  const [namespace = '', name = ''] = id.split('/');
  const { path } = requestTo('GET', '/api/v1/services/{namespace}/{name}', { params: { namespace, name } });
  const view = useLoaded(
    () => store.ask<SensorServiceView>('GET', path),
    `${id} ${String(store.servicesRevision.value)}`,
  );
  return (
    <>
      <p class="back">
        <a href={hrefOf('services')}>← {t.back}</a>
      </p>
      <Screen title={id}>
        <Pending of={view} what={t.what}>
          {(service) => <Known service={service} store={store} onAsked={view.again} />}
        </Pending>
      </Screen>
    </>
  );
}

interface Props {
  service: SensorServiceView;
  store: LiveStore;
  onAsked: () => void;
}

function Known({ service, store, onAsked }: Props) {
  const { m } = useWords();
  const t = m.screens.services;
  const { type, message, warnings, units, image, devices, publishes, subscribes, safeState, nodeSelector } = service;
  return (
    <>
      <div class={`card ${toneOf(service)}`}>
        <p>
          <ServiceBadge service={service} /> <span class="hint">{t.types[type]}</span>
        </p>
        {[message, ...warnings].map((text) => (
          <p class="waits" key={text}>
            <Said text={text} />
          </p>
        ))}
      </div>
      {units.map((unit) => (
        <Unit key={unit.name} unit={unit} service={service} store={store} onAsked={onAsked} />
      ))}
      <Panel id="facts-title" title={t.facts}>
        <dl>
          <Row name={t.image}>
            <code>{image}</code>
          </Row>
          <Row name={t.devices}>{devices.join(', ')}</Row>
          <Row name={t.publishes}>{publishes.join(', ')}</Row>
          <Row name={t.subscribes}>{subscribes.join(', ')}</Row>
          <Row name={t.safeState}>{safeState}</Row>
        </dl>
        <p class="hint">{t.labels}</p>
        <Labels labels={nodeSelector} />
      </Panel>
    </>
  );
}

type Wish = { kind: 'handover'; to: string } | { kind: 'takeover' };

function Unit({ unit, service, store, onAsked }: Props & { unit: ServiceUnit }) {
  const { m } = useWords();
  const t = m.screens.services;
  const wish = useSignal<Wish | undefined>(undefined);
  const asked = useSignal<string | undefined>(undefined);
  const { name, active, instances, lease, handBackTo } = unit;
  const ready = (lease?.candidates ?? []).filter(({ node, isReady }) => isReady && node !== active?.node);
  const isHeldLast = service.onControlPlaneLoss === 'HoldLast' && active === undefined && lease?.holder !== undefined;
  const done = (to: string): void => {
    asked.value = to;
    onAsked();
  };
  const props = { service, unit, store, onDone: done, onClose: () => (wish.value = undefined) };
  return (
    <Panel id={`unit-${name}`} title={t.unit(name)}>
      {active === undefined ? <p>{t.nobody}</p> : <p>{activeText(t.activeSince, active, store)}</p>}
      <ul class="list tight" aria-label={t.nodes}>
        {instances.map(({ node, state, why }) => (
          <li key={node}>
            <b>
              <bdi>{node}</bdi>
            </b>{' '}
            {t.states[state]}
            {why !== undefined && (
              <>
                {': '}
                <Said text={why} />
              </>
            )}
          </li>
        ))}
      </ul>
      <LastHandover unit={unit} store={store} />
      {isHeldLast && <p class="note wary">{t.heldLast(lease.holder ?? '')}</p>}
      {active !== undefined && handBackTo !== undefined && asked.value !== handBackTo && (
        <p class="hint">
          <bdi>{t.handBack(handBackTo, active.node)}</bdi>
        </p>
      )}
      <p role="status" class="hint">
        {asked.value !== undefined && asked.value !== active?.node && t.asked(asked.value)}
      </p>
      <div class="actions">
        {active !== undefined &&
          store.may('claimer') &&
          ready.map(({ node }) => (
            <button type="button" key={node} onClick={() => (wish.value = { kind: 'handover', to: node })}>
              {t.handOver(node)}
            </button>
          ))}
        {isHeldLast && store.may('admin') && ready.length > 0 && (
          <button type="button" class="danger" onClick={() => (wish.value = { kind: 'takeover' })}>
            {t.takeOver}
          </button>
        )}
      </div>
      {wish.value?.kind === 'handover' && <HandOverDialog to={wish.value.to} {...props} />}
      {wish.value?.kind === 'takeover' && <TakeOverDialog nodes={ready.map(({ node }) => node)} {...props} />}
    </Panel>
  );
}

function activeText(text: string, { node, since, epoch }: NonNullable<ServiceUnit['active']>, store: LiveStore) {
  return (
    <>
      <bdi>{node}</bdi>: {rich(text, { age: <Age store={store} at={since} />, epoch })}
    </>
  );
}

function LastHandover({ unit: { lastHandover }, store }: { unit: ServiceUnit; store: LiveStore }) {
  const t = useWords().m.screens.services;
  if (lastHandover === undefined) return null;
  const { from, to, time, reason } = lastHandover;
  const parts = { from: <bdi>{from}</bdi>, to: <bdi>{to}</bdi>, ago: <Ago store={store} at={time} /> };
  return (
    <p class="hint">
      {t.lastHandover}: {rich(reason === 'Expired' ? t.tookOver : t.handedOver, parts)}
    </p>
  );
}

import type { SensorServiceList, SensorServiceView } from '../../api/core/schemas.ts';
import { Command } from '../components/command.tsx';
import { Pending } from '../components/pending.tsx';
import { Said } from '../components/said.tsx';
import { serviceHref } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { useWords } from '../words.tsx';
import type { ScreenProps } from './screen-props.ts';
import { Screen } from './screen.tsx';
import { ServiceBadge, toneOf } from './service-parts.tsx';

/** Every sensor service: where it is active, who stands by, and why one does not run. */
export function ServicesScreen({ store }: ScreenProps) {
  const { m } = useWords();
  const t = m.screens.services;
  const list = useLoaded(() => store.ask<SensorServiceList>('GET', '/api/v1/services'), store.servicesRevision.value);
  return (
    <Screen title={t.title} hint={t.hint}>
      <Pending of={list} what={t.what}>
        {({ items }) =>
          items.length === 0 ? (
            <>
              <p>{t.none}</p>
              <Command text="usher kubectl apply -f my-service.yaml" />
            </>
          ) : (
            items.map((service) => <Service key={`${service.namespace}/${service.name}`} service={service} />)
          )
        }
      </Pending>
    </Screen>
  );
}

function Service({ service }: { service: SensorServiceView }) {
  const { m } = useWords();
  const t = m.screens.services;
  const { namespace, name, type, isReady, message, warnings, units } = service;
  const id = `service-${namespace}-${name}`;
  return (
    <section class={`card ${toneOf(service)}`} aria-labelledby={id}>
      <div class="card-head">
        <h3 id={id}>
          <a href={serviceHref(namespace, name)}>
            <bdi>
              {namespace}/<wbr />
              {name}
            </bdi>
          </a>
        </h3>
        <ServiceBadge service={service} />
      </div>
      <p class="hint">{t.types[type]}</p>
      {!isReady && (
        <p class="waits">
          <Said text={message} />
        </p>
      )}
      {warnings.map((warning) => (
        <p class="waits" key={warning}>
          <Said text={warning} />
        </p>
      ))}
      {units.length > 0 && (
        <ul class="list tight">
          {units.map((unit) => (
            <li key={unit.name}>
              <b>
                <bdi>{unit.name}</bdi>
              </b>
              {': '}
              {unit.instances.map(({ node, state }, at) => (
                <span key={node}>
                  {at > 0 && ', '}
                  <bdi>{node}</bdi> {t.states[state]}
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

import type { SensorServiceList } from '../../api/core/schemas.ts';
import type { LiveStore } from '../live-store.ts';
import { serviceHref } from '../route.ts';
import { useLoaded } from '../use-loaded.ts';
import { useWords } from '../words.tsx';
import { Pending } from './pending.tsx';
import { Said } from './said.tsx';

/** The sensor services that are on a node or should be, each with its role or why it does not run. */
export function NodeServices({ node, store }: { node: string; store: LiveStore }) {
  const { m } = useWords();
  const t = m.screens.services;
  const list = useLoaded(() => store.ask<SensorServiceList>('GET', '/api/v1/services'), store.servicesRevision.value);
  return (
    <Pending of={list} what={t.what}>
      {({ items }) => {
        const here = items.flatMap(({ namespace, name, units, outside }) =>
          [
            ...units.flatMap(({ instances }) => instances),
            ...outside.map((one) => ({ ...one, unit: undefined, state: 'NotRunning' as const })),
          ]
            .filter((one) => one.node === node)
            .map((one) => ({ namespace, name, ...one })),
        );
        if (here.length === 0) return <p class="hint">{t.onNodeNone}</p>;
        return (
          <ul class="list tight">
            {here.map(({ namespace, name, unit, state, why }) => (
              <li key={`${namespace}/${name}/${unit ?? ''}`}>
                <a href={serviceHref(namespace, name)}>
                  <bdi>
                    {namespace}/{name}
                  </bdi>
                </a>{' '}
                <b>{t.states[state]}</b> <small>({unit === undefined ? t.noUnit : t.unit(unit)})</small>
                {why !== undefined && (
                  <>
                    {': '}
                    <Said text={why} />
                  </>
                )}
              </li>
            ))}
          </ul>
        );
      }}
    </Pending>
  );
}

import type { RevocationView } from '../../api/core/schemas.ts';

import { useWords } from '../words.tsx';

/** More than these are told as a number. */
const SHOWN = 8;

/** The pods of a node, with what becomes of each when the node goes. */
export function Pods({ pods }: { pods: RevocationView['pods'] }) {
  const { m } = useWords();
  if (pods.length === 0) return <p class="hint">{m.pods.none}</p>;
  return (
    <ul class="list tight">
      {pods.slice(0, SHOWN).map((pod) => (
        <li key={`${pod.namespace}/${pod.name}`}>
          <code>
            <bdi>{pod.namespace}</bdi>/<bdi>{pod.name}</bdi>
          </code>{' '}
          {pod.movable ? m.pods.movable : m.pods.stops}
          {pod.owner !== undefined && (
            <small>
              {' '}
              (<bdi>{pod.owner}</bdi>)
            </small>
          )}
        </li>
      ))}
      <More count={pods.length - SHOWN} />
    </ul>
  );
}

/** How many are not shown; nothing when all are. */
export function More({ count }: { count: number }) {
  const { m } = useWords();
  return count > 0 ? <li>{m.common.andMore(count)}</li> : null;
}

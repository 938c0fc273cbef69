import type { RevocationView } from '../../api/core/schemas.ts';

/** More than these are told as a number. */
const SHOWN = 8;

/** The pods of a node, with what becomes of each when the node goes. */
export function Pods({ pods }: { pods: RevocationView['pods'] }) {
  if (pods.length === 0) return <p class="hint">No pods run on it now.</p>;
  return (
    <ul class="list tight">
      {pods.slice(0, SHOWN).map((pod) => (
        <li key={`${pod.namespace}/${pod.name}`}>
          <code>
            <bdi>{pod.namespace}</bdi>/<bdi>{pod.name}</bdi>
          </code>{' '}
          {pod.movable ? 'starts elsewhere, if its labels allow' : 'stops'}
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
  return count > 0 ? <li>and {count} more</li> : null;
}

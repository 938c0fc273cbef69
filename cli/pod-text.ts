import type { RevocationView } from '../api/client/types.ts';
import { safe } from './output.ts';

/** What becomes of the pods of a node that goes away, as lines. */
export function podLines(pods: RevocationView['pods']): string[] {
  const move = pods.filter(({ movable }) => movable);
  const stop = pods.filter(({ movable }) => !movable);
  if (pods.length === 0) return ['No pods run on it.'];
  return [
    ...section('Pods that are started elsewhere, where labels and taints of other nodes allow:', move),
    ...section('Pods that stop with it:', stop),
  ];
}

function section(title: string, pods: RevocationView['pods']): string[] {
  const lines = pods.map(({ namespace, name, owner }) => {
    return `  ${safe(namespace)}/${safe(name)}${owner === undefined ? '' : `  (${safe(owner)})`}`;
  });
  return lines.length === 0 ? [] : [title, ...lines];
}

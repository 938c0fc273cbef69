import { useWords } from '../words.tsx';

interface Props {
  labels: Record<string, string>;
  /** Asked for by the claim, and not yet on a node. */
  wanted?: boolean;
}

/** Labels of a node or claim; nothing when there are none. */
export function Labels({ labels, wanted = false }: Props) {
  const { m } = useWords();
  const entries = Object.entries(labels);
  if (entries.length === 0) return null;
  return (
    <ul class={wanted ? 'labels wanted' : 'labels'} aria-label={wanted ? m.common.labelsWanted : m.common.labels}>
      {entries.map(([key, value]) => (
        <li key={key}>
          <bdi>{key}</bdi>=
          <b>
            <bdi>{value}</bdi>
          </b>
        </li>
      ))}
    </ul>
  );
}

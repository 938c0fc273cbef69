import type { Refusal } from '../requests.ts';

interface Props {
  refusal: Refusal | undefined;
  /** Read aloud at once: for the answer to what the operator just did. */
  urgent?: boolean;
}

/** What went wrong and what to do about it; nothing when nothing did. */
export function Note({ refusal, urgent = false }: Props) {
  if (refusal === undefined) return null;
  return (
    <div class="note bad" {...(urgent ? { role: 'alert' } : {})}>
      <strong>
        <bdi>{refusal.message}</bdi>
      </strong>
      <span>
        <bdi>{refusal.remedy}</bdi>
      </span>
      <code>{refusal.code}</code>
    </div>
  );
}

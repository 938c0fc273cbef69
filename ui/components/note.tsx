import type { ComponentChildren } from 'preact';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';

interface Props {
  refusal: Refusal | undefined;
  /** Read aloud at once: for the answer to what the operator just did. */
  urgent?: boolean;
  /** Nothing that anybody has to act on. */
  calm?: boolean;
  /** The buttons that do what the remedy says. */
  children?: ComponentChildren;
}

/** What went wrong and what to do about it; nothing when nothing did. */
export function Note({ refusal, urgent = false, calm = false, children }: Props) {
  const { m } = useWords();
  if (refusal === undefined) return null;
  const said = refusal.own === undefined ? refusal : m.common[refusal.own];
  return (
    <div class={calm ? 'note calm' : 'note bad'} {...(urgent ? { role: 'alert' } : {})}>
      <strong>
        <bdi>{said.message}</bdi>
      </strong>
      <span>
        <bdi>{said.remedy}</bdi>
      </span>
      <code>{refusal.code}</code>
      {refusal.code === 'CSRF_TOKEN_INVALID' && (
        <div class="actions">
          <button type="button" onClick={() => location.reload()}>
            {m.common.reload}
          </button>
        </div>
      )}
      {children !== undefined && children !== false && <div class="actions">{children}</div>}
    </div>
  );
}

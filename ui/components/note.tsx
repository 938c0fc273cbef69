import type { ComponentChildren } from 'preact';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { Said } from './said.tsx';

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
  const own = refusal.own === undefined ? undefined : m.common[refusal.own];
  return (
    <div class={calm ? 'note calm' : 'note bad'} {...(urgent ? { role: 'alert' } : {})}>
      <strong>{own === undefined ? <Said text={refusal.message} code={refusal.code} /> : own.message}</strong>
      <span>{own === undefined ? <Said text={refusal.remedy} code={refusal.code} /> : own.remedy}</span>
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

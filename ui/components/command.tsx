import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useWords } from '../words.tsx';

/** A command to be run elsewhere, with a button that copies it; where the browser refuses, it is selected instead. */
export function Command({ text }: { text: string }) {
  const { m } = useWords();
  const state = useSignal<'copied' | 'selected' | undefined>(undefined);
  const code = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      state.value = 'copied';
    } catch {
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
      state.value = 'selected';
    }
  };
  return (
    <div class="command">
      <code ref={code}>{text}</code>
      <button type="button" class="small" aria-label={m.common.copyOf(text)} onClick={() => void copy()}>
        {m.common.copy}
      </button>
      <span role="status" class="hint">
        {state.value === 'copied' && m.common.copied}
        {state.value === 'selected' && m.common.selected}
      </span>
    </div>
  );
}

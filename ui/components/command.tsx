import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

/** A command to be run elsewhere, with a button that copies it; where the browser refuses, it is selected instead. */
export function Command({ text }: { text: string }) {
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
      <button type="button" class="small" aria-label={`Copy ${text}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status" class="hint">
        {state.value === 'copied' && 'Copied.'}
        {state.value === 'selected' && 'Selected: copy it with the keyboard.'}
      </span>
    </div>
  );
}

import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Note } from './components/note.tsx';
import { useWords } from './words.tsx';

interface Props<P> {
  load: () => Promise<ComponentType<P>>;
  with: P;
}

/** A part of the page that is fetched when it is first shown. */
export function Lazy<P extends object>({ load, with: props }: Props<P>) {
  const { m } = useWords();
  const state = useSignal<{ Part?: ComponentType<P>; failed?: boolean }>({});
  const ask = async (): Promise<void> => {
    state.value = await load().then(
      (Part) => ({ Part }),
      () => ({ failed: true }),
    );
  };
  useEffect(() => void ask(), [load]);
  const { Part, failed } = state.value;
  if (Part !== undefined) return <Part {...props} />;
  if (failed !== true) return <p class="splash">{m.common.opening}</p>;
  return (
    <Note refusal={{ code: 'APPLIANCE_UNREACHABLE', message: '', remedy: '', own: 'unreachable' }} urgent>
      <button type="button" onClick={() => void ask()}>
        {m.common.tryAgain}
      </button>
    </Note>
  );
}

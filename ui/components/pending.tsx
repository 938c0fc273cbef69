import type { ComponentChildren } from 'preact';
import type { Loaded } from '../use-loaded.ts';
import { useWords } from '../words.tsx';
import { Note } from './note.tsx';

interface Props<T> {
  of: Loaded<T>;
  /** What is being read, in words. */
  what: string;
  children: (body: T) => ComponentChildren;
}

/** What was read; until then that it is being read, and why it could not be. */
export function Pending<T>({ of, what, children }: Props<T>) {
  const { m } = useWords();
  return (
    <>
      {of.refusal !== undefined && (
        <Note refusal={of.refusal} urgent>
          <button type="button" disabled={of.isLoading} onClick={of.again}>
            {m.common.tryAgain}
          </button>
        </Note>
      )}
      {of.body === undefined && of.refusal === undefined && <p class="hint">{m.common.reading(what)}</p>}
      {of.body !== undefined && children(of.body)}
    </>
  );
}

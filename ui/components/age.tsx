import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { spanText, timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';
import { rich, useWords } from '../words.tsx';

interface Props {
  store: LiveStore;
  /** RFC 3339. */
  at: string;
}

/** How long ago that was (or how long until then); only this text changes as time goes by. */
export function Age({ store, at }: Props) {
  const words = useWords();
  const asked = useSignal({ at, words });
  useEffect(() => {
    asked.value = { at, words };
  }, [at, words, asked]);
  const text = useComputed(() => spanText(Math.abs(store.nowMs.value - Date.parse(asked.value.at)), asked.value.words));
  return (
    <time dateTime={at} title={timeText(at, store.nowMs.peek(), words)}>
      {text}
    </time>
  );
}

/** The same in words: “4 min ago”. */
export function Ago({ store, at }: Props) {
  const { m } = useWords();
  return <span>{rich(m.span.ago, { age: <Age store={store} at={at} /> })}</span>;
}

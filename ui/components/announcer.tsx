import { effect, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { changesInWords, type Stand } from '../announcements.ts';
import type { LiveStore } from '../live-store.ts';

/** Changes within this time are told together. */
const PAUSE_MS = 600;

/** Tells new devices and changes of stage to people who do not look at the page (or cannot). */
export function Announcer({ store }: { store: LiveStore }) {
  const words = useSignal('');
  useEffect(() => {
    let told: ReadonlyMap<string, Stand> | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      const { text, stands } = changesInWords(told, store.devices.peek() ?? []);
      told = stands;
      if (text !== '') words.value = text;
    };
    const stop = effect(() => {
      if (store.devices.value !== undefined) timer ??= setTimeout(tell, told === undefined ? 0 : PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, words]);
  return (
    <div role="status" aria-live="polite" class="unseen">
      {words}
    </div>
  );
}

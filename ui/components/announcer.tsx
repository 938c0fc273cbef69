import { effect, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { AlarmView } from '../../api/core/schemas.ts';
import { changesInWords, newAlarms, type Stand } from '../announcements.ts';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';

/** Changes within this time are told together. */
const PAUSE_MS = 600;

/** Tells new devices, alarms and changes of stage to people who do not look at the page (or cannot). */
export function Announcer({ store }: { store: LiveStore }) {
  const { m } = useWords();
  const words = useSignal('');
  useEffect(() => {
    let told: ReadonlyMap<string, Stand> | undefined;
    let alarms: readonly AlarmView[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      const { text, stands } = changesInWords(told, store.devices.peek() ?? [], m);
      told = stands;
      const alarmText = newAlarms(alarms, store.alarms.peek(), m);
      alarms = store.alarms.peek();
      const all = [alarmText, text].filter((part) => part !== '').join(' ');
      if (all !== '') words.value = all;
    };
    const stop = effect(() => {
      const known = [store.devices.value, store.alarms.value];
      if (!known.includes(undefined)) timer ??= setTimeout(tell, told === undefined ? 0 : PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [store, words, m]);
  return (
    <div role="status" aria-live="polite" class="unseen">
      {words}
    </div>
  );
}

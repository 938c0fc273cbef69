import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { spanText, timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';

interface Props {
  store: LiveStore;
  /** RFC 3339. */
  at: string;
}

/** How long ago that was (or how long until then); only this text changes as time goes by. */
export function Age({ store, at }: Props) {
  const moment = useSignal(at);
  useEffect(() => {
    moment.value = at;
  }, [at, moment]);
  const text = useComputed(() => spanText(Math.abs(store.nowMs.value - Date.parse(moment.value))));
  return (
    <time dateTime={at} title={timeText(at, store.nowMs.peek())}>
      {text}
    </time>
  );
}

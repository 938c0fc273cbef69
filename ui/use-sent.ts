import { useSignal } from '@preact/signals';
import type { Refusal, Reply } from './requests.ts';

export interface Sent {
  isBusy: boolean;
  refusal: Refusal | undefined;
  /** Does it, unless the one before is still under way. @returns the answer; undefined when there was none */
  send: <T>(act: () => Promise<Reply<T>>) => Promise<T | undefined>;
}

/** One change at a time, and why the last one was refused. */
export function useSent(): Sent {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  return {
    isBusy: busy.value,
    refusal: refusal.value,
    async send(act) {
      if (busy.peek()) return undefined;
      busy.value = true;
      const reply = await act();
      busy.value = false;
      refusal.value = reply.ok ? undefined : reply.refusal;
      return reply.ok ? reply.body : undefined;
    },
  };
}

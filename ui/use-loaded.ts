import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Refusal, Reply } from './requests.ts';

export interface Loaded<T> {
  /** The newest answer; undefined until the first. */
  body: T | undefined;
  /** Why the newest question was not answered. */
  refusal: Refusal | undefined;
  isLoading: boolean;
  again: () => void;
}

/** Changes within this time are asked for together. */
const PAUSE_MS = 300;

/** Asks once at first, and again whenever `trigger` is another one. An answer that was overtaken does not count. */
export function useLoaded<T>(load: () => Promise<Reply<T>>, trigger: unknown): Loaded<T> {
  const state = useSignal<Omit<Loaded<T>, 'again'>>({ body: undefined, refusal: undefined, isLoading: true });
  const asked = useRef(0);
  const ask = async (): Promise<void> => {
    asked.current += 1;
    const mine = asked.current;
    state.value = { ...state.peek(), isLoading: true };
    const reply = await load();
    if (mine !== asked.current) return;
    state.value = reply.ok
      ? { body: reply.body, refusal: undefined, isLoading: false }
      : { body: state.peek().body, refusal: reply.refusal, isLoading: false };
  };
  useEffect(() => {
    const timer = setTimeout(() => void ask(), asked.current === 0 ? 0 : PAUSE_MS);
    return () => clearTimeout(timer);
  }, [trigger]);
  useEffect(
    () => () => {
      asked.current += 1;
    },
    [],
  );
  return { ...state.value, again: () => void ask() };
}

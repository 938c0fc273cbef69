import { timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';
import { useWords } from '../words.tsx';

/** Says that what is shown may be out of date, and since when. */
export function ConnectionBanner({ store }: { store: LiveStore }) {
  const words = useWords();
  if (store.connection.value !== 'lost') return null;
  return (
    <p class="banner" role="alert">
      <strong>{words.m.site.lost}</strong> {words.m.site.lostSince(timeText(store.liveAtMs.value, Date.now(), words))}
    </p>
  );
}

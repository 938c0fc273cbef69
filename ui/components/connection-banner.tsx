import { timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';

/** Says that what is shown may be out of date, and since when. */
export function ConnectionBanner({ store }: { store: LiveStore }) {
  if (store.connection.value !== 'lost') return null;
  return (
    <p class="banner" role="alert">
      <strong>The connection to the appliance is lost.</strong> What you see is from{' '}
      {timeText(store.liveAtMs.value, Date.now())} and may be out of date. The page keeps trying and goes on by itself.
    </p>
  );
}

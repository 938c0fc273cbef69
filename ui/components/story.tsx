import { useSignal } from '@preact/signals';
import type { DeviceView, StoryView } from '../../api/core/schemas.ts';
import { spanText, timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { Pending } from './pending.tsx';

type Entry = StoryView['entries'][number];

const FROM: Record<Entry['from'], string> = { lan: 'Network', device: 'Device', claim: 'Claim', node: 'Node' };
/** Older ones are shown when asked for. */
const SHOWN = 12;

/** What happened to a device, in order; read anew whenever the device changes. */
export function Story({ device, store }: { device: DeviceView; store: LiveStore }) {
  const story = useLoaded(() => store.story(device.id), device);
  const title = `story-${device.id}`;
  return (
    <section class="story" aria-labelledby={title}>
      <h4 id={title}>Story</h4>
      <Pending of={story} what="its story">
        {({ entries }) => <Entries entries={entries} store={store} />}
      </Pending>
    </section>
  );
}

function Entries({ entries, store }: { entries: readonly Entry[]; store: LiveStore }) {
  const all = useSignal(false);
  if (entries.length === 0) return <p class="hint">Nothing is recorded of it (any more).</p>;
  const shown = all.value ? entries : entries.slice(-SHOWN);
  const hidden = entries.length - shown.length;
  const nowMs = store.nowMs.peek();
  return (
    <>
      {hidden > 0 && (
        <button type="button" class="quiet small" onClick={() => (all.value = true)}>
          Show {hidden} earlier
        </button>
      )}
      <ol>
        {shown.map((entry, at) => (
          <li key={`${entry.at} ${String(hidden + at)}`} class={entry.type === 'Warning' ? 'warning' : ''}>
            <time dateTime={entry.at}>{timeText(entry.at, nowMs)}</time>
            <span class="from">
              {FROM[entry.from]}
              {entry.tookMs !== undefined && `, ${spanText(entry.tookMs)} after the step before`}
            </span>
            <p>
              {entry.type === 'Warning' && <span class="unseen">Warning: </span>}
              <bdi>{entry.message}</bdi>
              {entry.count !== undefined && entry.count > 1 && <b> ×{entry.count}</b>} <code>{entry.reason}</code>
              {entry.remedy !== undefined && (
                <span class="remedy">
                  <bdi>{entry.remedy}</bdi>
                </span>
              )}
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}

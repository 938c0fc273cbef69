import { useSignal } from '@preact/signals';
import type { DeviceView, StoryView } from '../../api/core/schemas.ts';
import { spanText, timeText } from '../age.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { useWords } from '../words.tsx';
import { Pending } from './pending.tsx';
import { Said } from './said.tsx';

type Entry = StoryView['entries'][number];

/** Older ones are shown when asked for. */
const SHOWN = 12;

/** What happened to a device, in order; read anew whenever the device changes. */
export function Story({ device, store }: { device: DeviceView; store: LiveStore }) {
  const { m } = useWords();
  const story = useLoaded(() => store.story(device.id), device);
  const title = `story-${device.id}`;
  return (
    <section class="story" aria-labelledby={title}>
      <h4 id={title}>{m.story.title}</h4>
      <Pending of={story} what={m.story.what}>
        {({ entries }) => <Entries entries={entries} store={store} />}
      </Pending>
    </section>
  );
}

/** The entries of a story, newest last; older ones on request. */
export function Entries({ entries, store }: { entries: readonly Entry[]; store: LiveStore }) {
  const words = useWords();
  const { m } = words;
  const all = useSignal(false);
  if (entries.length === 0) return <p class="hint">{m.story.nothing}</p>;
  const shown = all.value ? entries : entries.slice(-SHOWN);
  const hidden = entries.length - shown.length;
  const nowMs = store.nowMs.peek();
  return (
    <>
      {hidden > 0 && (
        <button type="button" class="quiet small" onClick={() => (all.value = true)}>
          {m.story.earlier(hidden)}
        </button>
      )}
      <ol>
        {shown.map((entry, at) => (
          <li key={`${entry.at} ${String(hidden + at)}`} class={entry.type === 'Warning' ? 'warning' : ''}>
            <time dateTime={entry.at}>{timeText(entry.at, nowMs, words)}</time>
            <span class="from">
              {m.story.from[entry.from]}
              {entry.tookMs !== undefined && `, ${m.story.after(spanText(entry.tookMs, words))}`}
            </span>
            <p>
              {entry.type === 'Warning' && <span class="unseen">{m.story.warning}</span>}
              <Said text={entry.message} code={entry.reason} />
              {entry.count !== undefined && entry.count > 1 && <b> ×{entry.count}</b>} <code>{entry.reason}</code>
              {entry.remedy !== undefined && (
                <span class="remedy">
                  <Said text={entry.remedy} code={entry.reason} />
                </span>
              )}
            </p>
          </li>
        ))}
      </ol>
    </>
  );
}

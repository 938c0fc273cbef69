import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { AlarmView } from '../../api/core/schemas.ts';
import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { Age } from './age.tsx';
import { Note } from './note.tsx';

/** More than these are shown when asked for. */
const SHOWN = 3;

/** What a person must judge: above everything else until somebody says that they looked. */
export function Alarms({ store }: { store: LiveStore }) {
  const all = useSignal(false);
  const list = useRef<HTMLElement>(null);
  const alarms = store.alarms.value;
  const shown = all.value ? alarms : alarms.slice(0, SHOWN);
  // The pressed button goes with its alarm: the next one keeps the keyboard's place.
  const keepPlace = (): void => {
    requestAnimationFrame(() => {
      (list.current ?? document).querySelector<HTMLElement>(list.current === null ? 'h1' : 'h2')?.focus();
    });
  };
  if (alarms.length === 0) return null;
  return (
    <section class="alarms" aria-labelledby="alarms-title" ref={list}>
      <h2 id="alarms-title" tabIndex={-1}>
        {alarms.length === 1 ? 'An alarm' : `${String(alarms.length)} alarms`}
      </h2>
      <ul>
        {shown.map((alarm) => (
          <Alarm key={alarm.id} alarm={alarm} store={store} onGone={keepPlace} />
        ))}
      </ul>
      {shown.length < alarms.length && (
        <button type="button" class="quiet" onClick={() => (all.value = true)}>
          Show all {alarms.length}
        </button>
      )}
    </section>
  );
}

function Alarm({ alarm, store, onGone }: { alarm: AlarmView; store: LiveStore; onGone: () => void }) {
  const busy = useSignal(false);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const acknowledge = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    refusal.value = await store.acknowledge(alarm.id);
    busy.value = false;
    if (refusal.value === undefined) onGone();
  };
  return (
    <li class="note bad">
      <strong>
        <bdi>{alarm.message}</bdi>
      </strong>
      <span>
        <bdi>{alarm.remedy}</bdi>
      </span>
      <p class="facts">
        <code>{alarm.code}</code>
        <span>
          <Age store={store} at={alarm.since} /> ago
        </span>
        <About alarm={alarm} store={store} />
      </p>
      <Note refusal={refusal.value} urgent />
      <div class="actions">
        <button type="button" disabled={busy.value} onClick={() => void acknowledge()}>
          I have looked at it
        </button>
      </div>
    </li>
  );
}

/** The way to the device that it is about, while that has a card. */
function About({ alarm, store }: { alarm: AlarmView; store: LiveStore }) {
  const device = store.devices.value?.find(({ id }) => id === alarm.device);
  const hasOwnName = device !== undefined && nameOf(device) === alarm.nodeName;
  return (
    <>
      {alarm.nodeName !== undefined && !hasOwnName && (
        <span>
          node <bdi>{alarm.nodeName}</bdi>
        </span>
      )}
      {device === undefined ? (
        alarm.device !== undefined && (
          <span>
            device <code>{alarm.device}</code>
          </span>
        )
      ) : (
        <a href={`#device-${device.id}`}>
          <bdi>{nameOf(device)}</bdi> ({device.shortId})
        </a>
      )}
    </>
  );
}

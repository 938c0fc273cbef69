import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { AlarmView } from '../../api/core/schemas.ts';
import { nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { deviceHref, hrefOf } from '../route.ts';
import { rich, useWords } from '../words.tsx';
import { Ago } from './age.tsx';
import { Note } from './note.tsx';

/** More than these are shown when asked for. */
const SHOWN = 3;

/**
 * What a person must judge: above everything else until somebody says that they looked; in a line, with the way there,
 * where something else is being done.
 */
export function Alarms({ store, isBrief }: { store: LiveStore; isBrief: boolean }) {
  const { m } = useWords();
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
  if (isBrief) {
    return (
      <p class="note bad">
        <a href={hrefOf('site')}>{m.alarms.title(alarms.length)}</a>
      </p>
    );
  }
  return (
    <section class="alarms" aria-labelledby="alarms-title" ref={list}>
      <h2 id="alarms-title" tabIndex={-1}>
        {m.alarms.title(alarms.length)}
      </h2>
      <ul>
        {shown.map((alarm) => (
          <Alarm key={alarm.id} alarm={alarm} store={store} onGone={keepPlace} />
        ))}
      </ul>
      {shown.length < alarms.length && (
        <button type="button" class="quiet" onClick={() => (all.value = true)}>
          {m.alarms.showAll(alarms.length)}
        </button>
      )}
    </section>
  );
}

function Alarm({ alarm, store, onGone }: { alarm: AlarmView; store: LiveStore; onGone: () => void }) {
  const { m } = useWords();
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
        <Ago store={store} at={alarm.since} />
        <About alarm={alarm} store={store} />
      </p>
      <Note refusal={refusal.value} urgent />
      {store.may('claimer') && (
        <div class="actions">
          <button type="button" disabled={busy.value} onClick={() => void acknowledge()}>
            {m.alarms.looked}
          </button>
        </div>
      )}
    </li>
  );
}

/** The way to the device that it is about, while that has a card. */
function About({ alarm, store }: { alarm: AlarmView; store: LiveStore }) {
  const { m } = useWords();
  const device = store.devices.value?.find(({ id }) => id === alarm.device);
  const hasOwnName = device !== undefined && nameOf(device, m) === alarm.nodeName;
  return (
    <>
      {alarm.nodeName !== undefined && !hasOwnName && (
        <span>{rich(m.alarms.node, { name: <bdi>{alarm.nodeName}</bdi> })}</span>
      )}
      {device === undefined ? (
        alarm.device !== undefined && <span>{rich(m.alarms.device, { id: <code>{alarm.device}</code> })}</span>
      ) : (
        <a href={deviceHref(device.id)}>
          <bdi>{nameOf(device, m)}</bdi> ({device.shortId})
        </a>
      )}
    </>
  );
}

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { AlarmView } from '../../api/core/schemas.ts';
import { nameAndId, nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { deviceHref, hrefOf } from '../route.ts';
import { rich, useWords } from '../words.tsx';
import { Ago } from './age.tsx';
import { Note } from './note.tsx';
import { Said } from './said.tsx';

/** More than these are shown when asked for. */
const SHOWN = 3;

interface Props {
  store: LiveStore;
  /** Something else is being done here. */
  isBrief: boolean;
  /** The device that the reader looks at. */
  device: string | undefined;
}

/**
 * What a person must judge: above everything else until somebody says that they looked; in a line, with the way there,
 * where something else is being done, or another device is looked at.
 */
export function Alarms({ store, isBrief, device }: Props) {
  const { m } = useWords();
  const all = useSignal(false);
  const list = useRef<HTMLElement>(null);
  const alarms = store.alarms.value.filter((alarm) => !isBrief && (device === undefined || alarm.device === device));
  const others = store.alarms.value.length - alarms.length;
  const shown = all.value ? alarms : alarms.slice(0, SHOWN);
  // The pressed button goes with its alarm: the next one keeps the keyboard's place.
  const keepPlace = (): void => {
    requestAnimationFrame(() => {
      (list.current ?? document).querySelector<HTMLElement>(list.current === null ? 'h1' : 'h2')?.focus();
    });
  };
  const elsewhere = others > 0 && (
    <p class="note bad">
      <a href={hrefOf('site')}>{m.alarms.title(others)}</a>
    </p>
  );
  if (alarms.length === 0) return elsewhere === false ? null : elsewhere;
  return (
    <>
      {elsewhere}
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
    </>
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
        <Said text={alarm.message} code={alarm.code} />
      </strong>
      <span>
        <Said text={alarm.remedy} code={alarm.code} />
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
          <bdi>{nameAndId(device, m)}</bdi>
        </a>
      )}
    </>
  );
}

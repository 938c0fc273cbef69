import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeviceView, IdentifyView } from '../../api/core/schemas.ts';
import { Age } from '../components/age.tsx';
import { Note } from '../components/note.tsx';
import { nameAndId } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Refusal } from '../requests.ts';
import { rich, useWords } from '../words.tsx';
import { Modal } from './modal.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
  onClose: () => void;
}

/** Has one board blink, and says which words it shows, so that nobody takes another one for it. */
export function IdentifyDialog({ device, store, onClose }: Props) {
  const { m } = useWords();
  const t = m.dialogs.identify;
  const shown = useSignal<IdentifyView | undefined>(undefined);
  const busy = useSignal(true);
  const refusal = useSignal<Refusal | undefined>(undefined);
  const ask = async (): Promise<void> => {
    busy.value = true;
    const path = `/api/v1/devices/${encodeURIComponent(device.id)}/identify`;
    const reply = await store.ask<IdentifyView>('POST', path, { seconds: 30 });
    busy.value = false;
    refusal.value = reply.ok ? undefined : reply.refusal;
    if (reply.ok) shown.value = reply.body;
  };
  useEffect(() => void ask(), []);
  const isOver = shown.value !== undefined && store.nowMs.value >= Date.parse(shown.value.until);
  return (
    <Modal title={t.title(nameAndId(device, m))} onClose={onClose}>
      {(close) => (
        <>
          {busy.value && (
            <p class="hint" role="status">
              {t.starting}
            </p>
          )}
          {shown.value !== undefined && !busy.value && (
            <div role="status">
              <p>{isOver ? t.over : t.look}</p>
              {!isOver && (
                <>
                  <p class="big-words" lang="en">
                    <bdi>{shown.value.words}</bdi>
                  </p>
                  <p class="hint" aria-live="off">
                    {rich(t.until, { age: <Age store={store} at={shown.value.until} /> })}
                  </p>
                </>
              )}
            </div>
          )}
          <Note refusal={refusal.value} urgent />
          <div class="actions end">
            <button type="button" disabled={busy.value} onClick={() => void ask()}>
              {t.again}
            </button>
            <button type="button" class="primary" autofocus onClick={close}>
              {m.common.close}
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}

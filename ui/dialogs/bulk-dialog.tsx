import { useSignal } from '@preact/signals';
import type { DeviceView } from '../../api/core/schemas.ts';
import { Note } from '../components/note.tsx';
import { labelProblems } from '../label-rules.ts';
import type { LiveStore } from '../live-store.ts';
import { namesByPattern } from '../name-pattern.ts';
import type { Refusal } from '../requests.ts';
import { useWords } from '../words.tsx';
import { LabelFields, labelsOf, type LabelRow } from './label-fields.tsx';
import { Modal } from './modal.tsx';

interface Props {
  devices: readonly DeviceView[];
  store: LiveStore;
  onClose: () => void;
}

type Outcome = 'claimed' | Refusal;

/** Claims several devices under names by a pattern, after showing every name; what is refused can be tried again. */
export function BulkDialog({ devices, store, onClose }: Props) {
  const { m } = useWords();
  const t = m.dialogs.bulk;
  const pattern = useSignal('pi-{n}');
  const rows = useSignal<LabelRow[]>([{ id: 0, key: '', value: '' }]);
  const outcomes = useSignal<ReadonlyMap<string, Outcome>>(new Map());
  const busy = useSignal(false);
  const taken = useSignal(new Set(store.claims.value.flatMap(({ name, nodeName }) => [name, nodeName])));
  const names = namesByPattern(pattern.value, devices, taken.value, m);
  const problems = labelProblems(rows.value, m);
  const isWrong = [...names.map(({ problem }) => problem), ...problems].some((problem) => problem !== undefined);
  const claimed = [...outcomes.value.values()].filter((outcome) => outcome === 'claimed').length;
  const isStarted = outcomes.value.size > 0 || busy.value;

  const claimAll = async (): Promise<void> => {
    if (busy.value || isWrong) return;
    busy.value = true;
    for (const [at, device] of devices.entries()) {
      if (outcomes.value.get(device.id) === 'claimed') continue;
      const name = names[at]?.name ?? '';
      const refusal = await store.claim({ name, device: device.id, labels: labelsOf(rows.value) }, device.version);
      outcomes.value = new Map(outcomes.value).set(device.id, refusal ?? 'claimed');
      // Without an answer the rest would only wait in vain.
      if (refusal?.own !== undefined) break;
    }
    busy.value = false;
  };
  return (
    <Modal title={t.title(devices.length)} busy={busy.value} onClose={onClose}>
      {(close) => (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void claimAll();
          }}
        >
          <label for="bulk-pattern">{t.pattern}</label>
          <input
            id="bulk-pattern"
            autofocus
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            readOnly={isStarted}
            aria-describedby="bulk-hint"
            aria-invalid={names.some(({ problem }) => problem !== undefined)}
            value={pattern.value}
            onInput={(event) => (pattern.value = event.currentTarget.value)}
          />
          <p class="hint" id="bulk-hint">
            {t.patternHint}
          </p>
          {!isStarted && <LabelFields rows={rows} problems={problems} store={store} />}
          <div class="scroll" tabIndex={0} role="region" aria-label={t.preview}>
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">{t.device}</th>
                  <th scope="col">{t.name}</th>
                  {isStarted && <th scope="col">{t.state}</th>}
                </tr>
              </thead>
              <tbody>
                {devices.map((device, at) => (
                  <tr key={device.id}>
                    <td>
                      <code>{device.shortId}</code> <small>{device.serial ?? device.macs[0]}</small>
                    </td>
                    <td>
                      <bdi>{names[at]?.name}</bdi>
                      {!isStarted && names[at]?.problem !== undefined && <p class="problem">{names[at].problem}</p>}
                    </td>
                    {isStarted && (
                      <td>
                        <State outcome={outcomes.value.get(device.id)} />
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p role="status" class="hint">
            {busy.value && t.busy(claimed, devices.length)}
            {claimed === devices.length && t.allDone(claimed)}
          </p>
          <div class="actions end">
            <button type="button" disabled={busy.value} onClick={close}>
              {claimed === devices.length ? m.common.done : m.common.cancel}
            </button>
            {claimed < devices.length && (
              <button type="submit" class="primary" disabled={busy.value || isWrong}>
                {isStarted ? t.retry : t.action(devices.length)}
              </button>
            )}
          </div>
        </form>
      )}
    </Modal>
  );
}

function State({ outcome }: { outcome: Outcome | undefined }) {
  const t = useWords().m.dialogs.bulk;
  if (outcome === undefined) return <>{t.waiting}</>;
  return outcome === 'claimed' ? <>{t.claimed}</> : <Note refusal={outcome} />;
}

import { useSignal, type Signal } from '@preact/signals';
import type { DeviceView } from '../../api/core/schemas.ts';
import { suggestedLabels, suggestedNames } from '../claim-suggestions.ts';
import { nameOf } from '../device-groups.ts';
import { labelProblems, nameProblem } from '../label-rules.ts';
import { Lazy } from '../lazy.tsx';
import type { LiveStore } from '../live-store.ts';
import { pairOf, pairProblem, type PairText } from '../pair-rules.ts';
import type { Refusal } from '../requests.ts';
import { rich, useWords } from '../words.tsx';
import { FormDialog } from './form-dialog.tsx';
import { LabelFields, labelsOf, type LabelRow } from './label-fields.tsx';
import { PairFields } from './pair-fields.tsx';

const loadDeviceSuggestions = async () => (await import('./device-suggestions.tsx')).DeviceSuggestions;

interface Props {
  device: DeviceView;
  store: LiveStore;
  onClose: () => void;
}

/** Names the node and gives it its labels; checked while typed, and again by the appliance. */
export function ClaimDialog({ device, store, onClose }: Props) {
  const { m } = useWords();
  const t = m.dialogs.claim;
  // A node that lost its claim goes on untouched under the name it has.
  const nodeName = device.stage === 'Ready' ? device.nodeName : undefined;
  const name = useSignal(nodeName ?? '');
  const rows = useSignal<LabelRow[]>([{ id: 0, key: '', value: '' }]);
  const pair = useSignal<PairText>({ name: '', role: '' });
  const tried = useSignal(false);
  // What the reader looks at: no other device is claimed by the click, however it changes under it.
  const seen = useSignal(device);
  const nameWrong = name.value === '' && !tried.value ? undefined : nameProblem(name.value, m);
  const problems = labelProblems(rows.value, m);

  const check = (): boolean => {
    tried.value = true;
    const wrong = [nameProblem(name.value, m), pairProblem(pair.value, m), ...problems];
    return wrong.every((problem) => problem === undefined);
  };
  const claim = async (): Promise<Refusal | undefined> => {
    const wanted = { name: name.value, device: device.id, labels: labelsOf(rows.value), ...pairOf(pair.value) };
    const refusal = await store.claim(wanted, seen.value.version);
    // Told that the device has changed, the reader sees it as it is now, and decides again.
    if (refusal?.code === 'PRECONDITION_FAILED') seen.value = nowOf(device, store) ?? seen.value;
    return refusal;
  };
  return (
    <FormDialog
      title={t.title(nameOf(device, m))}
      action={t.action}
      busyText={t.busy}
      check={check}
      act={claim}
      onClose={onClose}
    >
      <About device={seen.value} store={store} />
      <label for="claim-name">{t.name}</label>
      <input
        id="claim-name"
        autofocus
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder="lathe-left"
        aria-invalid={nameWrong !== undefined}
        aria-describedby="claim-name-problem"
        value={name.value}
        onInput={(event) => (name.value = event.currentTarget.value)}
      />
      <p class="problem" id="claim-name-problem" aria-live="polite">
        {nameWrong}
      </p>
      {nodeName === undefined && <Suggested name={name} rows={rows} store={store} />}
      {nodeName !== undefined && nameProblem(name.value, m) === undefined && (
        <NodeStays nodeName={nodeName} name={name.value} />
      )}
      {device.devices !== undefined && (
        <Lazy load={loadDeviceSuggestions} with={{ device, name: name.value, rows, store }} />
      )}
      <LabelFields rows={rows} problems={problems} store={store} />
      <PairFields pair={pair} />
    </FormDialog>
  );
}

/** Names that go on from the claims that are there, and the labels that such a name had so far. */
function Suggested({ name, rows, store }: { name: Signal<string>; rows: Signal<LabelRow[]>; store: LiveStore }) {
  const { m } = useWords();
  const claims = store.claims.value;
  const names = suggestedNames(claims);
  const labels = name.value === '' ? [] : suggestedLabels(claims, name.value);
  const isUntouched = rows.value.every(({ key, value }) => key === '' && value === '');
  const fill = (forName: string): void => {
    rows.value = suggestedLabels(claims, forName).map((label, id) => ({ id, ...label }));
    if (rows.value.length === 0) rows.value = [{ id: 0, key: '', value: '' }];
  };
  if (names.length === 0) return null;
  return (
    <ul class="suggested" aria-label={m.dialogs.claim.suggested}>
      {names.map((each) => (
        <li key={each}>
          <button
            type="button"
            class="small"
            onClick={() => {
              name.value = each;
              if (isUntouched) fill(each);
            }}
          >
            <bdi>{each}</bdi>
          </button>
        </li>
      ))}
      {isUntouched && labels.length > 0 && (
        <li>
          <button type="button" class="quiet small" onClick={() => fill(name.value)}>
            {m.dialogs.claim.suggestedLabels}
          </button>
        </li>
      )}
    </ul>
  );
}

/** What the claim does to the node that the device is already. */
function NodeStays({ nodeName, name }: { nodeName: string; name: string }) {
  const t = useWords().m.dialogs.claim;
  if (name === nodeName) return <p class="hint">{rich(t.stays, { name: <bdi>{nodeName}</bdi> })}</p>;
  return (
    <p class="note wary">
      <strong>{rich(t.anew, { name: <bdi>{name}</bdi> })}</strong>
      <span>{rich(t.anewHint, { name: <bdi>{nodeName}</bdi> })}</span>
    </p>
  );
}

function About({ device, store }: { device: DeviceView; store: LiveStore }) {
  const t = useWords().m.dialogs.claim;
  const now = nowOf(device, store);
  const board = device.serial === undefined ? device.macs[0] : t.serial(device.serial);
  const facts = new Set([device.model ?? device.vendor, device.ip, board].filter((fact) => fact !== undefined));
  return (
    <>
      <p class="facts">
        <code>{device.shortId}</code>
        {[...facts]
          .filter((fact) => fact !== device.shortId)
          .map((fact) => (
            <bdi key={fact}>{fact}</bdi>
          ))}
      </p>
      {device.stage === 'Seen' && (
        <p class="note wary">
          <strong>{t.onlySeen}</strong>
          <span>{t.onlySeenHint}</span>
        </p>
      )}
      {now === undefined && (
        <p class="note wary">
          <strong>{t.gone}</strong>
        </p>
      )}
    </>
  );
}

function nowOf({ id }: DeviceView, store: LiveStore): DeviceView | undefined {
  return store.devices.value?.find((each) => each.id === id);
}

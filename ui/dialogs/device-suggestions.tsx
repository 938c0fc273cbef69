import type { Signal } from '@preact/signals';
import type { DeviceView, SensorServiceList } from '../../api/core/schemas.ts';
import { deviceName } from '../device-file-words.ts';
import { suggestionsByDevices, withLabels } from '../device-suggestions.ts';
import type { LiveStore } from '../live-store.ts';
import { useLoaded } from '../use-loaded.ts';
import { rich, useWords } from '../words.tsx';
import type { LabelRow } from './label-fields.tsx';

interface Props {
  device: DeviceView;
  name: string;
  rows: Signal<LabelRow[]>;
  store: LiveStore;
}

/** Labels that what is plugged into the board speaks for, each with its reason. */
export function DeviceSuggestions({ device, name, rows, store }: Props) {
  const { m } = useWords();
  const t = m.dialogs.claim;
  const list = useLoaded(() => store.ask<SensorServiceList>('GET', '/api/v1/services'), store.servicesRevision.value);
  const site = { devices: store.devices.value ?? [], claims: store.claims.value, services: list.body?.items ?? [] };
  const isMissing = (key: string, value: string) => !rows.value.some((row) => row.key === key && row.value === value);
  const suggestions = suggestionsByDevices(device, name, site).filter(({ labels }) =>
    labels.some(({ key, value }) => isMissing(key, value)),
  );
  if (suggestions.length === 0) return null;
  return (
    <ul class="suggested" aria-label={t.suggestedByDevices}>
      {suggestions.map(({ labels, file, service }, at) => (
        <li key={at}>
          <button
            type="button"
            class="quiet small"
            onClick={() => (rows.value = withLabels(rows.value, labels).map((label, id) => ({ id, ...label })))}
          >
            <bdi>{labels.map(({ key, value }) => `${key}=${value}`).join(', ')}</bdi>
          </button>{' '}
          <small>
            {rich(service === undefined ? t.byOthers : t.byService, {
              device: deviceName(file, m),
              service: <bdi>{service}</bdi>,
            })}
          </small>
        </li>
      ))}
    </ul>
  );
}

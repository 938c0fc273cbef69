import type { ComponentChildren } from 'preact';
import type { DeviceView } from '../../api/core/schemas.ts';
import { badgeOf, nameOf } from '../device-groups.ts';
import { EVIDENCE_WORDS } from '../evidence-words.ts';
import type { LiveStore } from '../live-store.ts';
import { Age } from './age.tsx';

interface Props {
  old: DeviceView;
  by: DeviceView;
  store: LiveStore;
}

type Column = (device: DeviceView) => string | undefined;

const ROWS: readonly [name: string, of: Column][] = [
  ['Serial', (device) => device.serial],
  ['MAC', (device) => device.macs.join(', ')],
  ['Model', (device) => device.model ?? device.vendor],
];

/** Old and new side by side; what both share is said once, so that the difference meets the eye. */
export function Comparison({ old, by, store }: Props) {
  return (
    <table class="compare">
      <thead>
        <tr>
          <td />
          <th scope="col">
            <bdi>{nameOf(old)}</bdi>
            <code>{old.shortId}</code>
          </th>
          <th scope="col">
            Newcomer
            <code>{by.shortId}</code>
          </th>
        </tr>
      </thead>
      <tbody>
        {ROWS.map(([name, of]) => (
          <Row key={name} name={name} old={of(old)} by={of(by)} />
        ))}
        <tr>
          <th scope="row">Proved by</th>
          <td>{EVIDENCE_WORDS[old.evidence]}</td>
          <td>{EVIDENCE_WORDS[by.evidence]}</td>
        </tr>
        <tr>
          <th scope="row">Seen</th>
          <td>{seen(old, store)}</td>
          <td>{seen(by, store)}</td>
        </tr>
        <tr>
          <th scope="row">Node</th>
          <td>
            <bdi>{old.nodeName ?? 'none'}</bdi>
          </td>
          <td>none</td>
        </tr>
        <tr>
          <th scope="row">State</th>
          <td>{badgeOf(old)}</td>
          <td>{badgeOf(by)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Row({ name, old, by }: { name: string; old: string | undefined; by: string | undefined }) {
  const isSame = old !== undefined && old !== '' && old === by;
  return (
    <tr>
      <th scope="row">{name}</th>
      {isSame ? (
        <td colSpan={2} class="same">
          <bdi>{old}</bdi> <small>both</small>
        </td>
      ) : (
        <>
          <td>
            <bdi>{text(old)}</bdi>
          </td>
          <td>
            <bdi>{text(by)}</bdi>
          </td>
        </>
      )}
    </tr>
  );
}

function text(value: string | undefined): string {
  return value === undefined || value === '' ? 'not known' : value;
}

function seen(device: DeviceView, store: LiveStore): ComponentChildren {
  if (device.lastSeen === undefined) return 'not lately';
  return (
    <>
      <Age store={store} at={device.lastSeen} /> ago
    </>
  );
}

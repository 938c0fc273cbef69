import { Fragment, type ComponentChildren } from 'preact';
import type { DeviceView } from '../../api/core/schemas.ts';
import { badgeOf, nameOf } from '../device-groups.ts';
import type { LiveStore } from '../live-store.ts';
import type { Messages } from '../messages/en.ts';
import { useWords } from '../words.tsx';
import { Ago } from './age.tsx';

interface Props {
  old: DeviceView;
  by: DeviceView;
  store: LiveStore;
}

/** Behind the maker's half of a MAC address. */
const MIDDLE = /(?<=\b(?:[0-9a-f]{2}:){3})(?=(?:[0-9a-f]{2}:){2}[0-9a-f]{2}\b)/i;

type Column = (device: DeviceView) => string | undefined;

const ROWS: readonly [name: 'serial' | 'mac' | 'model', of: Column][] = [
  ['serial', (device) => device.serial],
  ['mac', (device) => device.macs.join(', ')],
  ['model', (device) => device.model ?? device.vendor],
];

/** Old and new side by side; what both share is said once, so that the difference meets the eye. */
export function Comparison({ old, by, store }: Props) {
  const { m } = useWords();
  return (
    <table class="compare">
      <thead>
        <tr>
          <td />
          <th scope="col">
            <bdi>{nameOf(old, m)}</bdi>
            <code>{old.shortId}</code>
          </th>
          <th scope="col">
            {m.compare.newcomer}
            <code>{by.shortId}</code>
          </th>
        </tr>
      </thead>
      <tbody>
        {ROWS.map(([name, of]) => (
          <Row key={name} name={m.compare[name]} old={of(old)} by={of(by)} />
        ))}
        <tr>
          <th scope="row">{m.compare.provedBy}</th>
          <td>{m.evidence[old.evidence]}</td>
          <td>{m.evidence[by.evidence]}</td>
        </tr>
        <tr>
          <th scope="row">{m.compare.seen}</th>
          <td>{seen(old, store, m)}</td>
          <td>{seen(by, store, m)}</td>
        </tr>
        <tr>
          <th scope="row">{m.compare.node}</th>
          <td>
            <bdi>{old.nodeName ?? m.common.none}</bdi>
          </td>
          <td>{m.common.none}</td>
        </tr>
        <tr>
          <th scope="row">{m.compare.state}</th>
          <td>{badgeOf(old, m)}</td>
          <td>{badgeOf(by, m)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Row({ name, old, by }: { name: string; old: string | undefined; by: string | undefined }) {
  const { m } = useWords();
  const isSame = old !== undefined && old !== '' && old === by;
  return (
    <tr>
      <th scope="row">{name}</th>
      {isSame ? (
        <td colSpan={2} class="same">
          <bdi>{old}</bdi> <small>{m.compare.both}</small>
        </td>
      ) : (
        <>
          <td>
            <bdi>{breakable(text(old, m))}</bdi>
          </td>
          <td>
            <bdi>{breakable(text(by, m))}</bdi>
          </td>
        </>
      )}
    </tr>
  );
}

function text(value: string | undefined, m: Messages): string {
  return value === undefined || value === '' ? m.common.notKnown : value;
}

/** A MAC address may break in its middle, where it is narrow. */
function breakable(value: string): ComponentChildren {
  return value.split(MIDDLE).map((part, at) => (
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function seen(device: DeviceView, store: LiveStore, m: Messages): ComponentChildren {
  if (device.lastSeen === undefined) return m.compare.notLately;
  return <Ago store={store} at={device.lastSeen} />;
}

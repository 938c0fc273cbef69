import type { ComponentChildren } from 'preact';
import type { DeviceView } from '../../api/core/schemas.ts';
import type { LiveStore } from '../live-store.ts';
import { deviceName } from '../device-file-words.ts';
import { useWords } from '../words.tsx';
import { Ago } from './age.tsx';
import { Said } from './said.tsx';
import { Story } from './story.tsx';

interface Props {
  device: DeviceView;
  store: LiveStore;
}

/** All that is known of a device, for whoever asks. */
export function DeviceDetails({ device, store }: Props) {
  return (
    <div class="more" id={detailsId(device)}>
      <Hardware device={device} />
      <Evidence device={device} />
      <OnNetwork device={device} store={store} />
      <Conditions device={device} />
      <Story device={device} store={store} />
    </div>
  );
}

export function Hardware({ device }: Pick<Props, 'device'>) {
  const { m } = useWords();
  const t = m.details;
  const memory = device.memoryMiB === undefined ? undefined : `${String(device.memoryMiB)} MiB`;
  return (
    <dl>
      <Row name={t.id}>
        <code>{device.id}</code>
      </Row>
      <Row name={t.board}>{text([device.model, device.arch, memory])}</Row>
      <Row name={t.serial}>{device.serial}</Row>
      <Row name={t.macs}>{text(device.macs)}</Row>
      <Row name={t.hostname}>{device.hostname}</Row>
      <Row name={t.attached}>
        {device.devices?.map((file) => (
          <span class="line" key={file.path}>
            <bdi>{deviceName(file, m, true)}</bdi> · <code>{file.path}</code>
          </span>
        ))}
      </Row>
    </dl>
  );
}

/** What ties it to this site, and how much that is worth. */
export function Evidence({ device }: Pick<Props, 'device'>) {
  const { m } = useWords();
  return (
    <dl>
      <Row name={m.details.provedBy}>{m.evidence[device.evidence]}</Row>
      <Row name={m.details.strength}>{m.strength[device.evidence]}</Row>
    </dl>
  );
}

export function OnNetwork({ device, store }: Props) {
  const { m } = useWords();
  const t = m.details;
  if (device.ip === undefined && device.firstSeen === undefined) return <p class="hint">{t.notSeen}</p>;
  return (
    <dl>
      <Row name={t.address}>{device.ip}</Row>
      <Row name={t.reasons}>{text((device.reasons ?? []).map((why) => m.server(why) ?? why))}</Row>
      <Row name={t.firstSeen}>{device.firstSeen !== undefined && <Ago store={store} at={device.firstSeen} />}</Row>
      <Row name={t.seen}>
        {device.seenBy?.map((seen, at) => (
          <span class="line" key={at}>
            <Said text={seen.what} /> ({[seen.source, seen.interface].filter((part) => part !== '').join(', ')},{' '}
            <Ago store={store} at={seen.at} />)
          </span>
        ))}
      </Row>
    </dl>
  );
}

export function Conditions({ device }: Pick<Props, 'device'>) {
  const { m } = useWords();
  const says = { True: m.common.yes, False: m.common.no, Unknown: m.common.unknown };
  return (
    <dl>
      <Row name={m.details.conditions}>
        {device.conditions?.map((condition) => (
          <span class="line" key={condition.type}>
            <b>{condition.type}</b> {says[condition.status]}: <Said text={condition.message} />
          </span>
        ))}
      </Row>
    </dl>
  );
}

/** The id of a device's details, for the button that shows them. */
export function detailsId(device: DeviceView): string {
  return `details-${device.id}`;
}

/** A fact with its name; nothing when it is not known. */
export function Row({ name, children }: { name: string; children: ComponentChildren }) {
  const isEmpty =
    children === undefined ||
    children === '' ||
    children === false ||
    (Array.isArray(children) && children.length === 0);
  if (isEmpty) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

function text(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ');
}

import type { ComponentChildren } from 'preact';
import type { DeviceView } from '../../api/core/schemas.ts';
import { EVIDENCE_WORDS } from '../evidence-words.ts';
import type { LiveStore } from '../live-store.ts';
import { Age } from './age.tsx';
import { Story } from './story.tsx';

/** All that is known of a device, for whoever asks. */
export function DeviceDetails({ device, store }: { device: DeviceView; store: LiveStore }) {
  const board = [
    device.model,
    device.arch,
    device.memoryMiB === undefined ? undefined : `${String(device.memoryMiB)} MiB`,
  ];
  return (
    <div class="more" id={detailsId(device)}>
      <dl>
        <Row name="Id">
          <code>{device.id}</code>
        </Row>
        <Row name="Board">{text(board)}</Row>
        <Row name="Serial number">{device.serial}</Row>
        <Row name="MAC addresses">{text(device.macs)}</Row>
        <Row name="Calls itself">{device.hostname}</Row>
        <Row name="Proved by">{EVIDENCE_WORDS[device.evidence]}</Row>
        <Row name="Looks like a candidate">{text(device.reasons ?? [])}</Row>
        <Row name="Seen">
          {device.seenBy?.map((seen, at) => (
            <span class="line" key={at}>
              <bdi>{seen.what}</bdi> ({[seen.source, seen.interface].filter((part) => part !== '').join(', ')},{' '}
              <Age store={store} at={seen.at} /> ago)
            </span>
          ))}
        </Row>
        <Row name="Conditions">
          {device.conditions?.map((condition) => (
            <span class="line" key={condition.type}>
              <b>{condition.type}</b>{' '}
              {condition.status === 'True' ? 'yes' : condition.status === 'False' ? 'no' : 'unknown'}:{' '}
              <bdi>{condition.message}</bdi>
            </span>
          ))}
        </Row>
      </dl>
      <Story device={device} store={store} />
    </div>
  );
}

/** The id of a device's details, for the button that shows them. */
export function detailsId(device: DeviceView): string {
  return `details-${device.id}`;
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  const isEmpty = children === undefined || children === '' || (Array.isArray(children) && children.length === 0);
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

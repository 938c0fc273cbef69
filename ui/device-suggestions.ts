import type { ClaimView, DeviceFile, DeviceView, SensorServiceView } from '../api/core/schemas.ts';
import { isSameUsb, pathPattern } from '../foundation/device-file.ts';
import { suggestedLabels } from './claim-suggestions.ts';
import type { LabelText } from './label-rules.ts';

/** Labels that what is plugged into a board speaks for. */
export interface DeviceSuggestion {
  readonly labels: readonly LabelText[];
  /** The device because of which they are suggested. */
  readonly file: DeviceFile;
  /** `namespace/name` of the service that wants it; without one, boards that have the same USB device carry these labels. */
  readonly service?: string;
}

export interface KnownSite {
  readonly devices: readonly Pick<DeviceView, 'id' | 'devices'>[];
  readonly claims: readonly Pick<ClaimView, 'name' | 'nodeName' | 'labels' | 'device'>[];
  readonly services: readonly Pick<SensorServiceView, 'namespace' | 'name' | 'nodeSelector' | 'deviceRules'>[];
}

type Rule = SensorServiceView['deviceRules'][number];

const MOST = 4;

/**
 * Labels for a board, by its device files: those of each service all of whose devices it has, and what claimed boards with
 * the same USB device are labelled. What names a USB device comes first: it says more than a path that many boards have.
 * @param name that the node is to have, as far as it is known: some labels follow it
 */
export function suggestionsByDevices(
  board: Pick<DeviceView, 'id' | 'devices'>,
  name: string,
  site: KnownSite,
): DeviceSuggestion[] {
  const wanted = site.services.flatMap((service) => wantedBy(service, board.devices ?? []));
  const all = [...wanted, ...asOthers(board, name, site)];
  const texts = all.map(({ labels }) => keyOf(labels));
  return all
    .filter((_, at) => texts.indexOf(texts[at] ?? '') === at)
    .toSorted((a, b) => Number(a.file.usb === undefined) - Number(b.file.usb === undefined))
    .slice(0, MOST);
}

function wantedBy(
  { namespace, name, nodeSelector, deviceRules }: KnownSite['services'][number],
  files: readonly DeviceFile[],
): DeviceSuggestion[] {
  const matched = deviceRules.map((rule) => files.find((file) => isMeant(rule, file)));
  const found = matched.filter((file) => file !== undefined);
  const file = found.find(({ usb }) => usb !== undefined) ?? found[0];
  if (file === undefined || found.length < deviceRules.length) return [];
  const labels = Object.entries(nodeSelector).map(([key, value]) => ({ key, value }));
  return [{ labels, file, service: `${namespace}/${name}` }];
}

function isMeant({ path, usb }: Rule, file: DeviceFile): boolean {
  if (usb !== undefined) return file.usb !== undefined && isSameUsb(usb, file.usb);
  return path !== undefined && pathPattern(path).test(file.path);
}

/** What most of the claimed boards with the same product carry, where a value is known. */
function asOthers(
  { id, devices = [] }: Pick<DeviceView, 'id' | 'devices'>,
  name: string,
  site: KnownSite,
): DeviceSuggestion[] {
  return devices.flatMap((file) => {
    if (file.usb === undefined) return [];
    const { vendor, product } = file.usb;
    const having = site.devices.filter((other) =>
      other.devices?.some(({ usb }) => usb !== undefined && isSameUsb({ vendor, product }, usb)),
    );
    const ids = new Set(having.map((other) => other.id));
    const claims = site.claims.filter(({ device }) => device !== undefined && device !== id && ids.has(device));
    const labels = suggestedLabels(claims, name).filter(({ value }) => value !== '');
    return labels.length === 0 ? [] : [{ labels, file }];
  });
}

function keyOf(labels: readonly LabelText[]): string {
  return JSON.stringify(labels.map(({ key, value }) => [key, value]).sort());
}

/** The labels with those that are suggested: a value that is there is overwritten. */
export function withLabels(labels: readonly LabelText[], suggested: readonly LabelText[]): LabelText[] {
  const fresh = new Map(suggested.map(({ key, value }) => [key, value]));
  const kept = labels.filter(({ key, value }) => key !== '' || value !== '');
  const keys = new Set(kept.map(({ key }) => key));
  return [
    ...kept.map(({ key, value }) => ({ key, value: fresh.get(key) ?? value })),
    ...suggested.filter(({ key }) => !keys.has(key)),
  ];
}

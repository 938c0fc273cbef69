import type { ClaimView, DeviceView } from '../api/core/schemas.ts';
import { badgeOf, claimOf, GROUPS, groupOf, nameOf, openClaims, type GroupId } from './device-groups.ts';
import type { Messages } from './messages/en.ts';

/** One line of the site: a device, or a claim that has none of its own. */
export interface Row {
  /** The device's id, or `claim/<name>`. */
  id: string;
  name: string;
  group: GroupId;
  badge: string;
  address: string;
  labels: Readonly<Record<string, string>>;
  since: string;
  device?: DeviceView;
  claim?: ClaimView;
}

export type SortKey = 'group' | 'name' | 'stage' | 'address' | 'since';
export interface Sort {
  by: SortKey;
  descending: boolean;
}

export interface Filter {
  /** Words that must all be there. */
  text: string;
  /** None: all groups. */
  groups: ReadonlySet<GroupId>;
  /** `key=value`; empty: any. */
  label: string;
}

/** All lines of the site, in the order of arrival. */
export function rowsOf(devices: readonly DeviceView[], claims: readonly ClaimView[], m: Messages): Row[] {
  const byName = new Map(claims.map((claim) => [claim.name, claim]));
  const ofClaims = openClaims(claims, devices).map((claim): Row => {
    const isConflict = claim.phase === 'Conflict';
    return {
      ...{ id: `claim/${claim.name}`, name: claim.name, group: isConflict ? 'attention' : 'way', claim },
      ...{ badge: isConflict ? m.stages.conflict : m.stages.claimWaits, address: '', labels: claim.labels, since: '' },
    };
  });
  const ofDevices = devices.map((device): Row => {
    const own = claimOf(device);
    return {
      ...{ id: device.id, name: nameOf(device, m), group: groupOf(device), badge: badgeOf(device, m) },
      ...{ address: device.ip ?? '', since: device.since, device },
      labels: device.labels ?? (own === undefined ? {} : (byName.get(own)?.labels ?? {})),
    };
  });
  return [...ofClaims, ...ofDevices];
}

/** The lines that a filter lets through. */
export function filtered(rows: readonly Row[], filter: Filter): Row[] {
  const words = filter.text.toLowerCase().split(/\s+/);
  return rows.filter((row) => {
    if (filter.groups.size > 0 && !filter.groups.has(row.group)) return false;
    if (filter.label !== '' && !labelTexts(row).includes(filter.label)) return false;
    if (filter.text === '') return true;
    const text = textOf(row);
    return words.every((word) => text.includes(word));
  });
}

/** The lines in an order; equal ones by name, and then by id. */
export function sorted(rows: readonly Row[], { by, descending }: Sort): Row[] {
  const names = new Intl.Collator(undefined, { numeric: true });
  const keys = new Map(rows.map((row) => [row.id, keyOf(row, by)]));
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left = '', right = ''] = [keys.get(a.id), keys.get(b.id)];
    const order = by === 'name' ? 0 : left < right ? -1 : left > right ? 1 : 0;
    return sign * order || (by === 'name' ? sign : 1) * names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
  });
}

/** Every label (`key=value`) that some line has, with how many have it; the most frequent first. */
export function labelCounts(rows: readonly Row[]): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const label of rows.flatMap(labelTexts)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function keyOf(row: Row, by: SortKey): string {
  switch (by) {
    case 'group':
      return String(GROUPS.indexOf(row.group));
    case 'name':
      return '';
    case 'stage':
      return row.badge;
    case 'address':
      return row.address
        .split('.')
        .map((part) => part.padStart(3, '0'))
        .join('.');
    case 'since':
      return row.since;
  }
}

function labelTexts(row: Row): string[] {
  return Object.entries(row.labels).map(([key, value]) => `${key}=${value}`);
}

function textOf(row: Row): string {
  const { device, claim } = row;
  const ofDevice =
    device === undefined
      ? []
      : [device.id, device.nodeName, device.claim, device.hostname, device.serial, device.model, device.stage].concat(
          device.macs,
        );
  const ofClaim = claim === undefined ? [] : [claim.nodeName, ...Object.values(claim.match)];
  return [row.name, row.badge, row.address, ...labelTexts(row), ...ofDevice, ...ofClaim].join(' ').toLowerCase();
}

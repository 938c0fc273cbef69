import { normaliseCrockford } from '../../foundation/crockford.ts';
import { UsherError } from '../../foundation/errors.ts';
import { normaliseMac, printable } from '../../foundation/text.ts';
import { MAC_ROW_PREFIX } from './device-view.ts';
import type { DeviceView } from './schemas.ts';

const MAX_NAMED_MATCHES = 8;
const MAX_SHOWN_ID = 64;

/**
 * The row that an operator means: by full id, `mac:…`, MAC address, name of node or claim, serial, host name, or the
 * beginning of an id. The first of these kinds that matches at all counts.
 * @throws UsherError DEVICE_UNKNOWN, DEVICE_AMBIGUOUS
 */
export function findDevice(rows: readonly DeviceView[], text: string): DeviceView {
  const wanted = text.trim();
  const lower = wanted.toLowerCase();
  const mac = normaliseMac(lower.startsWith(MAC_ROW_PREFIX) ? lower.slice(MAC_ROW_PREFIX.length) : lower);
  const prefix = normaliseCrockford(wanted);
  const kinds: ((row: DeviceView) => boolean)[] = [
    (row) => row.id === lower || row.id === prefix,
    (row) => mac !== undefined && row.id === MAC_ROW_PREFIX + mac,
    (row) => mac !== undefined && row.macs.includes(mac),
    (row) => row.nodeName === lower && row.stage !== 'Replaced',
    (row) => row.nodeName === lower,
    (row) => row.claim === lower,
    (row) => row.serial?.toLowerCase() === lower,
    (row) => row.hostname?.toLowerCase() === lower,
    (row) => prefix !== '' && row.id.startsWith(prefix),
  ];
  const shown = printable(wanted, MAX_SHOWN_ID);
  for (const isMeant of kinds) {
    const matches = wanted === '' ? [] : rows.filter(isMeant);
    const [only] = matches;
    if (only !== undefined && matches.length === 1) return only;
    if (matches.length > 1) throw new UsherError('DEVICE_AMBIGUOUS', { id: shown, matches: named(matches) });
  }
  throw new UsherError('DEVICE_UNKNOWN', { id: shown });
}

function named(rows: readonly DeviceView[]): string {
  const ids = rows.slice(0, MAX_NAMED_MATCHES).map((row) => row.id);
  return rows.length > ids.length ? `${ids.join(', ')}, …` : ids.join(', ');
}

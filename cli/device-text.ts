import type { DeviceView } from '../api/client/types.ts';
import { ageText, labelText, paint, safe, type Column, type Tone } from './output.ts';

const TONES: Record<DeviceView['stage'], Tone> = {
  Seen: 'dim',
  NoEvidence: 'dim',
  Pending: 'busy',
  Approved: 'busy',
  Joining: 'busy',
  Ready: 'good',
  Failed: 'bad',
  Quarantined: 'bad',
  Rejected: 'dim',
  Ignored: 'dim',
  Revoked: 'dim',
  Replaced: 'dim',
};

/** The columns of `usher devices`. */
export function deviceColumns(nowMs: () => number): Column<DeviceView>[] {
  return [
    { title: 'ID', cell: (row) => row.shortId },
    { title: 'STAGE', cell: (row) => row.stage, tone: (row) => TONES[row.stage] },
    { title: 'NODE', cell: (row) => row.nodeName },
    { title: 'LABELS', cell: (row) => labelText(row.labels) },
    { title: 'MODEL/VENDOR', cell: (row) => row.model ?? row.vendor },
    { title: 'IP', cell: (row) => row.ip },
    { title: 'AGE', cell: (row) => ageText(row.firstSeen ?? row.since, nowMs()) },
    { title: 'HOSTNAME', cell: (row) => row.hostname, wide: true },
    { title: 'MACS', cell: (row) => row.macs.join(','), wide: true },
    { title: 'SERIAL', cell: (row) => row.serial, wide: true },
    { title: 'EVIDENCE', cell: (row) => row.evidence, wide: true },
    { title: 'CLAIM', cell: (row) => row.claim, wide: true },
    { title: 'WAITS FOR', cell: troubleOf, tone: troubleTone },
  ];
}

/** What keeps it, or else what will trouble it before long. */
function troubleOf(row: DeviceView): string | undefined {
  return row.failure?.message ?? row.waitsFor ?? row.warnings?.[0]?.message;
}

function troubleTone(row: DeviceView): Tone | undefined {
  if (row.failure !== undefined) return 'bad';
  return row.waitsFor === undefined && row.warnings !== undefined ? 'busy' : undefined;
}

/** Everything known of one device, as the story that leads to where it stands. */
export function deviceStory(row: DeviceView, nowMs: number, color: boolean): string {
  const tone = (text: string, as: Tone): string => (color ? paint(text, as) : text);
  const lines = [
    `${safe(row.id)}  ${tone(row.stage, TONES[row.stage])} for ${ageText(row.since, nowMs)}`,
    ...(row.waitsFor === undefined ? [] : [`  ${safe(row.waitsFor, 300)}`]),
  ];
  if (row.failure !== undefined) {
    lines.push('', `${tone('failure:', 'bad')} ${safe(row.failure.message, 300)} [${safe(row.failure.code)}]`);
    lines.push(`remedy:  ${safe(row.failure.remedy, 300)}`);
    if (row.failure.retryAt !== undefined) lines.push(`retried: at ${safe(row.failure.retryAt)}`);
  }
  for (const warning of row.warnings ?? []) {
    lines.push('', `${tone('warning:', 'busy')} ${safe(warning.message, 300)} [${safe(warning.code)}]`);
    lines.push(`remedy:  ${safe(warning.remedy, 300)}`);
  }
  lines.push('', ...facts(row).map(([name, value]) => `${name.padEnd(11)} ${safe(value, 300)}`));
  lines.push(...section('Conditions', conditionLines(row, nowMs)));
  lines.push(
    ...section(
      'Seen',
      (row.seenBy ?? []).map((seen) => seenLine(seen, nowMs)),
    ),
  );
  lines.push(
    ...section(
      'Why it is a candidate',
      (row.reasons ?? []).map((reason) => `  ${safe(reason, 300)}`),
    ),
  );
  return lines.join('\n');
}

function facts(row: DeviceView): [string, string][] {
  const all: [string, string | undefined][] = [
    ['evidence', row.evidence],
    ['state', row.state],
    ['claim', row.claim],
    ['could take', row.offer && offerText(row.offer)],
    [
      'offered by',
      row.offeredBy
        ?.map((id) => `${id.slice(0, 6)} (usher replace ${row.shortId} --with ${id.slice(0, 6)})`)
        .join(', '),
    ],
    ['replaced by', row.replacedBy],
    ['node', row.nodeName],
    ['labels', labelText(row.labels)],
    ['model', row.model],
    ['vendor', row.vendor],
    ['serial', row.serial],
    ['arch', row.arch],
    ['memory', row.memoryMiB === undefined ? undefined : `${row.memoryMiB} MiB`],
    ['mac', row.macs.join(', ')],
    ['devices', row.devices?.map(deviceFileText).join(', ')],
    ['ip', row.ip],
    ['hostname', row.hostname],
    ['first seen', row.firstSeen],
    ['last seen', row.lastSeen],
  ];
  return all.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]));
}

function deviceFileText({ path, usb }: NonNullable<DeviceView['devices']>[number]): string {
  if (usb === undefined) return path;
  const name = usb.name === undefined ? '' : `${usb.name} `;
  return `${path} (${name}${usb.vendor}:${usb.product})`;
}

const OFFER_REASONS: Record<NonNullable<DeviceView['offer']>['because'], string> = {
  Serial: 'it is the same board by its serial',
  Duid: 'it is the same board by its DUID',
  Token: 'it shows the same card',
};

function offerText({ shortId, nodeName, because }: NonNullable<DeviceView['offer']>): string {
  const whose = nodeName === undefined ? shortId : `${nodeName} (${shortId})`;
  return `the place of ${whose}: ${OFFER_REASONS[because]}`;
}

function conditionLines(row: DeviceView, nowMs: number): string[] {
  return (row.conditions ?? []).map((condition) => {
    const age = ageText(condition.lastTransitionTime, nowMs);
    return `  ${safe(condition.type).padEnd(17)}${safe(condition.status).padEnd(8)} ${age.padEnd(5)} ${safe(condition.message, 300)}`;
  });
}

function seenLine(seen: NonNullable<DeviceView['seenBy']>[number], nowMs: number): string {
  const where = seen.interface === '' ? '' : ` on ${safe(seen.interface)}`;
  return `  ${seen.source.padEnd(10)} ${ageText(seen.at, nowMs).padEnd(5)} ${safe(seen.what, 300)}${where}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

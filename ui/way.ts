import type { DeviceView, StoryView } from '../api/core/schemas.ts';
import { groupOf } from './device-groups.ts';

export const WAY = ['seen', 'introduced', 'claimed', 'approved', 'joining', 'ready'] as const;
export type WayStep = (typeof WAY)[number];

export interface WayPart {
  step: WayStep;
  /** Where it is, and what follows, unless somebody must decide first: then it has stopped, and reaches no more. */
  state: 'done' | 'now' | 'ahead' | 'stopped' | 'unreached';
  /** From the step before to this one; undefined when either time is not known. */
  tookMs: number | undefined;
}

type Entry = StoryView['entries'][number];

/** Entries of a story that tell that a step was reached, by their reason: of the chart's Events, and the story's own. */
const REASONS: Readonly<Record<string, WayStep>> = {
  FirstSeen: 'seen',
  Hello: 'introduced',
  Introduced: 'introduced',
  ClaimMade: 'claimed',
  Approved: 'approved',
  TicketMade: 'joining',
  NodeSeen: 'joining',
  NodeCreated: 'joining',
  Ready: 'ready',
};

/** How far a device is on its way, and how long each step took as far as its story tells. */
export function wayOf(device: DeviceView, entries: readonly Entry[]): WayPart[] {
  const reached = new Map<WayStep, number>();
  for (const { reason, at } of entries) {
    const step = REASONS[reason];
    if (step !== undefined) reached.set(step, Math.min(reached.get(step) ?? Infinity, Date.parse(at)));
  }
  const hasStopped = device.stage === 'Quarantined' || groupOf(device) === 'aside';
  const furthest = hasStopped ? WAY.findLastIndex((step) => reached.has(step)) : -1;
  const now = Math.max(WAY.indexOf(stepNow(device)), furthest);
  return WAY.map((step, at) => {
    const atMs = reached.get(step);
    const beforeMs = lastBefore(reached, at);
    const tookMs = atMs === undefined || beforeMs === undefined || at > now ? undefined : Math.max(0, atMs - beforeMs);
    const isEnd = step === 'ready' && device.stage === 'Ready';
    if (at < now || isEnd) return { step, state: 'done', tookMs };
    if (hasStopped) return { step, state: at === now ? 'stopped' : 'unreached', tookMs };
    return { step, state: at === now ? 'now' : 'ahead', tookMs };
  });
}

function stepNow(device: DeviceView): WayStep {
  switch (device.stage) {
    case 'Seen':
      return 'seen';
    case 'Approved':
      return 'approved';
    case 'Joining':
      return 'joining';
    case 'Ready':
      return 'ready';
    case 'Failed':
      return device.state === 'joining' || device.nodeName !== undefined ? 'joining' : 'approved';
    default:
      return device.claim !== undefined && groupOf(device) !== 'aside' ? 'claimed' : 'introduced';
  }
}

/** When the step before was reached: the latest that is known. */
function lastBefore(reached: ReadonlyMap<WayStep, number>, at: number): number | undefined {
  const times = WAY.slice(0, at).flatMap((step) => reached.get(step) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

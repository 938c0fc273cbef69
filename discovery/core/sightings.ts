import type { Clock } from '../../foundation/clock.ts';
import { type Logger, silentLogger } from '../../foundation/logger.ts';
import { normaliseMac } from '../../foundation/text.ts';
import { type Matcher, matchReasons } from './matchers.ts';
import { capObservation, mergeObservation } from './observation.ts';
import type { Observation, Sighting, SightingList, SightingSource } from './sighting.ts';
import { createChangeTeller } from './sighting-changes.ts';
import { createTokenBucket } from './token-bucket.ts';

/** From this score on a sighting is a candidate. */
export const CANDIDATE_SCORE = 40;

export interface SightingsOptions {
  clock: Clock;
  matchers: readonly Matcher[];
  /** Assignee of a MAC address's prefix. */
  vendorOf: (mac: string) => string | undefined;
  /** MAC addresses kept; beyond, the one not heard of for longest goes. */
  limit?: number;
  /** New MAC addresses taken in a minute; beyond, they are only counted. */
  newPerMinute?: number;
  /** New MAC addresses taken in one go after a quiet time: a site whose power comes back. */
  newAtOnce?: number;
  logger?: Logger;
}

export interface SightingCounters {
  observations: number;
  refusedNew: number;
  evicted: number;
  known: number;
}

/** The list of sightings with the side that sources feed. */
export interface Sightings extends SightingList {
  /** Takes in what a source saw. Strings may come straight from the network. */
  observe(mac: string, observation: Observation): void;
  counters(): SightingCounters;
}

/**
 * The one bounded list that all sources feed.
 *
 * INVARIANT: `entries` is ordered by last observation, oldest first, so that the oldest hint is evicted.
 */
export function createSightings(options: SightingsOptions): Sightings {
  const { clock, limit = 4096, newPerMinute = 200, newAtOnce = newPerMinute * 6, logger = silentLogger } = options;
  const entries = new Map<string, Sighting>();
  const newcomers = createTokenBucket(newPerMinute, newAtOnce);
  const counts = { observations: 0, refusedNew: 0, evicted: 0 };
  const changes = createChangeTeller(clock, logger);

  const evictOldest = (): void => {
    const [oldest] = entries.values();
    if (oldest === undefined) return;
    entries.delete(oldest.mac);
    counts.evicted += 1;
    changes.tell(oldest.mac, undefined);
  };

  return {
    observe(rawMac, raw) {
      const mac = normaliseMac(rawMac);
      if (mac === undefined || !isStationMac(mac)) return;
      counts.observations += 1;
      const before = entries.get(mac);
      if (before === undefined && !newcomers.take(clock.nowMs())) {
        counts.refusedNew += 1;
        return;
      }
      const after = applyObservation(before, mac, capObservation(raw), options);
      entries.delete(mac);
      entries.set(mac, after);
      if (entries.size > limit) evictOldest();
      changes.tell(mac, isCandidate(after) ? after : undefined);
    },
    list({ all = false } = {}) {
      return [...entries.values()]
        .filter((sighting) => all || isCandidate(sighting))
        .sort((a, b) => a.firstSeenMs - b.firstSeenMs || (a.mac < b.mac ? -1 : 1));
    },
    get(mac) {
      return entries.get(normaliseMac(mac) ?? '');
    },
    onChange: (handler) => changes.onChange(handler),
    counters: () => ({ ...counts, known: entries.size }),
  };
}

function isCandidate(sighting: Sighting): boolean {
  return sighting.score >= CANDIDATE_SCORE;
}

/** Group addresses (lowest bit of the first byte) and the zero address belong to no machine. */
function isStationMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}

function applyObservation(
  before: Sighting | undefined,
  mac: string,
  fresh: Observation,
  { matchers, vendorOf }: SightingsOptions,
): Sighting {
  const old = before?.observations.find(({ source }) => source === fresh.source);
  const others = before?.observations.filter(({ source }) => source !== fresh.source) ?? [];
  const observations = [mergeObservation(old, fresh), ...others];
  const vendor = before?.vendor ?? vendorOf(mac);
  const reasons = matchReasons(matchers, { mac, vendor, observations });
  return {
    mac,
    ...(vendor === undefined ? {} : { vendor }),
    ...bestFacts(observations),
    interface: fresh.interface === '' ? (before?.interface ?? '') : fresh.interface,
    firstSeenMs: Math.min(before?.firstSeenMs ?? fresh.atMs, fresh.atMs),
    lastSeenMs: Math.max(before?.lastSeenMs ?? fresh.atMs, fresh.atMs),
    observations,
    reasons,
    score: reasons.reduce((sum, { score }) => sum + score, 0),
  };
}

/** Whose word counts for a name: the machine's own, asked for an address, before what others noted. */
const NAMING_ORDER: readonly SightingSource[] = ['dhcp', 'mdns', 'lease', 'neighbour'];

function bestFacts(observations: readonly Observation[]): Pick<Sighting, 'ip' | 'hostname' | 'serial' | 'deviceId'> {
  const newestFirst = observations.toSorted((a, b) => b.atMs - a.atMs);
  const bySource = observations.toSorted((a, b) => NAMING_ORDER.indexOf(a.source) - NAMING_ORDER.indexOf(b.source));
  const ip = newestFirst.find((seen) => seen.ip !== undefined)?.ip;
  const hostname = bySource.find((seen) => seen.hostname !== undefined)?.hostname;
  const serial = newestFirst.find((seen) => seen.serial !== undefined)?.serial;
  const deviceId = newestFirst.find((seen) => seen.deviceId !== undefined)?.deviceId;
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(serial === undefined ? {} : { serial }),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}

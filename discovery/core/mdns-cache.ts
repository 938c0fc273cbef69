import { LRUCache } from 'lru-cache';
import { type MdnsRecord } from './mdns-record.ts';
import type { Observation } from './sighting.ts';

/** What the records of one sender say about it. */
export type MdnsFacts = Pick<Observation, 'hostname' | 'service' | 'txt' | 'deviceId'>;

/** What senders on the LAN announced, until their records expire. */
export interface MdnsCache {
  /** Takes a response in. True when it held a record worth an observation; a goodbye never is. */
  accept(senderIp: string, records: readonly MdnsRecord[], nowMs: number): boolean;
  /** What the live records of this sender say. */
  factsOf(senderIp: string, nowMs: number): MdnsFacts;
}

export interface MdnsCacheOptions {
  /** Service types of interest, the most telling first, for instance _usher-device._tcp. */
  services: readonly string[];
  /** Senders remembered; the one silent for longest is forgotten first. */
  maxSenders?: number;
  maxRecordsPerSender?: number;
  /** Longest text of all records together, in UTF-16 units: a TXT record may hold 16 kB, and a sender many of them. */
  maxText?: number;
  maxTextPerSender?: number;
}

/** RFC 6762 section 10 recommends at most 75 minutes. */
const LONGEST_TTL_SEC = 4500;
const DOMAIN = '.local';
/** avahi's publish-workstation names its instances `host [aa:bb:cc:dd:ee:ff]`. */
const WORKSTATION_INSTANCE = /^(?<host>.+) \[[0-9a-f:]{17}\]$/i;
const DEVICE_ID = /^[0-9a-hjkmnp-tv-z]{26}$/;

interface Held {
  record: MdnsRecord;
  expiresAtMs: number;
  /** Of its text, in UTF-16 units. */
  length: number;
}
/** Records of one sender by type, name and, for shared records, content. */
type Records = Map<string, Held>;

/**
 * A cache of our own over raw responses, since the browser of the library in use ignores updates, forgets live services
 * and grows without bound. PTR, SRV and TXT may come in any order and in separate packets. A goodbye (TTL 0) is ignored:
 * anybody can send one, and it must not hide a device.
 */
export function createMdnsCache(options: MdnsCacheOptions): MdnsCache {
  const { maxSenders = 4096, maxRecordsPerSender = 64 } = options;
  const { maxText = 8 * 1024 * 1024, maxTextPerSender = 32 * 1024 } = options;
  const services = options.services.map((service) => service.toLowerCase());
  const senders = new LRUCache<string, Records>({ max: maxSenders, maxSize: maxText, sizeCalculation: lengthOf });

  return {
    accept(senderIp, records, nowMs) {
      const useful = records.filter((record) => record.ttlSec > 0 && isUseful(record, senderIp, services));
      if (useful.length === 0) return false;
      // A copy, since the cache measures a sender's records only when it gets others.
      const held: Records = new Map(senders.get(senderIp));
      for (const record of useful) {
        const key = keyOf(record);
        const expiresAtMs = nowMs + Math.min(record.ttlSec, LONGEST_TTL_SEC) * 1000;
        held.delete(key);
        held.set(key, { record, expiresAtMs, length: key.length + JSON.stringify(record).length });
      }
      dropOldest(held, maxRecordsPerSender, maxTextPerSender);
      senders.set(senderIp, held);
      return true;
    },
    factsOf(senderIp, nowMs) {
      const live = [...(senders.get(senderIp)?.values() ?? [])]
        .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
        .map(({ record }) => record);
      return describe(live, services);
    },
  };
}

/** The service type an instance name belongs to. An instance name may hold dots, so it is read from its end. */
function serviceOf(instance: string, services: readonly string[]): string | undefined {
  return services.find((service) => instance.toLowerCase().endsWith(`.${service}${DOMAIN}`));
}

function isUseful(record: MdnsRecord, senderIp: string, services: readonly string[]): boolean {
  switch (record.type) {
    case 'PTR':
      return serviceOf(record.target, services) !== undefined;
    case 'SRV':
    case 'TXT':
      return serviceOf(record.name, services) !== undefined;
    case 'A':
      return record.address === senderIp && hostOf(record.name) !== undefined;
  }
}

function keyOf(record: MdnsRecord): string {
  return record.type === 'PTR' ? `PTR ${record.target.toLowerCase()}` : `${record.type} ${record.name}`;
}

function dropOldest(records: Records, mostRecords: number, longestText: number): void {
  let length = lengthOf(records);
  for (const [key, held] of records) {
    if (records.size <= mostRecords && length <= longestText) return;
    records.delete(key);
    length -= held.length;
  }
}

/** At least 1, as the cache wants it. */
function lengthOf(records: Records): number {
  let sum = 1;
  for (const { length } of records.values()) sum += length;
  return sum;
}

function describe(live: readonly MdnsRecord[], services: readonly string[]): MdnsFacts {
  const instances = live.flatMap((record) => {
    if (record.type === 'A') return [];
    const instance = record.type === 'PTR' ? record.target : record.name;
    const service = serviceOf(instance, services);
    return service === undefined ? [] : [{ record, instance, service }];
  });
  const rank = ({ service }: { service: string }): number => services.indexOf(service);
  const best = instances.toSorted((a, b) => rank(a) - rank(b))[0];
  const ofBest = instances.filter(({ instance }) => instance.toLowerCase() === best?.instance.toLowerCase());
  const txt = ofBest.map(({ record }) => (record.type === 'TXT' ? record.txt : undefined)).find((t) => t !== undefined);
  const hostname = hostnameOf(live, ofBest);
  const deviceId = txt?.['id'];
  return {
    ...(best === undefined ? {} : { service: best.service }),
    ...(txt === undefined ? {} : { txt }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(deviceId === undefined || !DEVICE_ID.test(deviceId) ? {} : { deviceId }),
  };
}

function hostnameOf(
  live: readonly MdnsRecord[],
  ofBest: readonly { record: MdnsRecord; instance: string; service: string }[],
) {
  const targets = ofBest.map(({ record }) => (record.type === 'SRV' ? hostOf(record.target) : undefined));
  const workstations = ofBest.map(
    ({ instance, service }) =>
      WORKSTATION_INSTANCE.exec(instance.slice(0, -`.${service}${DOMAIN}`.length))?.groups?.['host'],
  );
  const addresses = live.map((record) => (record.type === 'A' ? hostOf(record.name) : undefined));
  return [...targets, ...workstations, ...addresses].find((host) => host !== undefined);
}

/** `raspberrypi.local` → `raspberrypi`. */
function hostOf(name: string): string | undefined {
  const host = name.endsWith(DOMAIN) ? name.slice(0, -DOMAIN.length) : '';
  return host === '' || host.includes('.') ? undefined : host;
}

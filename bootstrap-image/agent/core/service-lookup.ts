import { DNS_TYPE, nameKey, type DnsName, type DnsQuestion, type DnsRecord } from './dns-message.ts';

/** The registrar's service type (RFC 6763 §4.1). */
export const REGISTRAR_SERVICE: DnsName = ['_usher', '_tcp', 'local'];
/** In one query: it must fit into a packet however many names somebody made up. */
const MOST_QUESTIONS = 16;

export interface ServiceLookup {
  /** `https://address:port` of each registrar whose records are complete. */
  readonly urls: string[];
  /** What is still to be asked to complete the others. */
  readonly questions: DnsQuestion[];
}

/**
 * What the records heard so far say about registrars of one site.
 * @param applianceId the id in the TXT record that the pinned CA stands for; others are not even contacted. Without one
 * every registrar counts
 */
export function lookUpRegistrars(records: readonly DnsRecord[], applianceId: string | undefined): ServiceLookup {
  const urls = new Set<string>();
  const questions: DnsQuestion[] = [];
  const known = byTypeAndName(records);
  for (const [key, instance] of instancesOf(records)) {
    const [text] = known.get(`TXT ${key}`) ?? [];
    const [server] = known.get(`SRV ${key}`) ?? [];
    if (text?.type !== 'TXT') questions.push({ name: instance, type: DNS_TYPE.TXT });
    else if (applianceId !== undefined && text.values.get('id') !== applianceId) continue;
    if (server?.type !== 'SRV') {
      questions.push({ name: instance, type: DNS_TYPE.SRV });
      continue;
    }
    const addresses = (known.get(`A ${nameKey(server.target)}`) ?? []).flatMap((record) =>
      record.type === 'A' ? [record.address] : [],
    );
    if (addresses.length === 0) questions.push({ name: server.target, type: DNS_TYPE.A });
    if (text !== undefined) for (const address of addresses) urls.add(`https://${address}:${server.port}`);
  }
  return { urls: [...urls], questions: questions.slice(0, MOST_QUESTIONS) };
}

/** Sorted once: looking through all records for each instance would let a neighbour keep a Pi busy for minutes. */
function byTypeAndName(records: readonly DnsRecord[]): Map<string, DnsRecord[]> {
  const known = new Map<string, DnsRecord[]>();
  for (const record of records) {
    const key = `${record.type} ${nameKey(record.name)}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, [record]);
    else same.push(record);
  }
  return known;
}

function instancesOf(records: readonly DnsRecord[]): Map<string, DnsName> {
  const service = nameKey(REGISTRAR_SERVICE);
  const instances = new Map<string, DnsName>();
  for (const record of records) {
    if (record.type === 'PTR' && nameKey(record.name) === service) instances.set(nameKey(record.target), record.target);
  }
  return instances;
}

import { DNS_TYPE, nameKey, type DnsName, type DnsQuestion, type DnsRecord } from './dns-message.ts';

/** The registrar's service type (RFC 6763 §4.1). */
export const REGISTRAR_SERVICE: DnsName = ['_usher', '_tcp', 'local'];

export interface ServiceLookup {
  /** `https://address:port` of each registrar whose records are complete. */
  readonly urls: string[];
  /** What is still to be asked to complete the others. */
  readonly questions: DnsQuestion[];
}

/**
 * What the records heard so far say about registrars of one site.
 * @param applianceId the id in the TXT record that the pinned CA stands for; others are not even contacted
 */
export function lookUpRegistrars(records: readonly DnsRecord[], applianceId: string): ServiceLookup {
  const urls = new Set<string>();
  const questions: DnsQuestion[] = [];
  for (const instance of instancesOf(records)) {
    const key = nameKey(instance);
    const text = records.find((record) => record.type === 'TXT' && nameKey(record.name) === key);
    const server = records.find((record) => record.type === 'SRV' && nameKey(record.name) === key);
    if (text?.type !== 'TXT') questions.push({ name: instance, type: DNS_TYPE.TXT });
    else if (text.values.get('id') !== applianceId) continue;
    if (server?.type !== 'SRV') {
      questions.push({ name: instance, type: DNS_TYPE.SRV });
      continue;
    }
    const addresses = addressesOf(records, server.target);
    if (addresses.length === 0) questions.push({ name: server.target, type: DNS_TYPE.A });
    if (text !== undefined) for (const address of addresses) urls.add(`https://${address}:${server.port}`);
  }
  return { urls: [...urls], questions };
}

function instancesOf(records: readonly DnsRecord[]): DnsName[] {
  const service = nameKey(REGISTRAR_SERVICE);
  const instances = new Map<string, DnsName>();
  for (const record of records) {
    if (record.type === 'PTR' && nameKey(record.name) === service) instances.set(nameKey(record.target), record.target);
  }
  return [...instances.values()];
}

function addressesOf(records: readonly DnsRecord[], host: DnsName): string[] {
  const key = nameKey(host);
  return records.flatMap((record) => (record.type === 'A' && nameKey(record.name) === key ? [record.address] : []));
}

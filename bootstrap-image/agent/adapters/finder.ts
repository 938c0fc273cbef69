import { X509Certificate } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { ENROL_PORT } from '../../../join/protocol/messages.ts';
import type { Site } from '../core/local-state.ts';
import { type DeviceIdentity, idOfKey } from './device-key.ts';
import { EnrolClient } from './enrol-client.ts';
import { findByMdns } from './mdns-lookup.ts';
import type { Network } from './network.ts';

/** The next candidate is tried when the ones before it have said nothing for this long. */
const HEAD_START_MS = 300;
const MDNS_TIMEOUT_MS = 1_500;
const MOST_CANDIDATES = 16;

export interface FinderOptions {
  /** Without a CA any appliance will do. */
  readonly site: Pick<Site, 'urls'> & { readonly caPem?: string | undefined };
  /** Where the appliance answered last. */
  readonly lastUrl: string | undefined;
  readonly identity: DeviceIdentity;
  readonly network: Network;
  readonly logger: Logger;
}

/**
 * A connection to the site's appliance: the card's URLs, then the default gateways, then mDNS. The candidates start one
 * after the other with a short head start, and the first that the pinned CA vouches for wins; the rest are closed.
 * @throws UsherError NO_APPLIANCE_FOUND, or APPLIANCE_NOT_TRUSTED when only a stranger answered
 */
export async function findAppliance(options: FinderOptions): Promise<EnrolClient> {
  const known = await knownCandidates(options);
  const failures: UsherError[] = [];
  const found = (await raceCandidates(known, options, failures)) ?? (await tryMdns(known, options, failures));
  if (found !== undefined) return found;
  const stranger = failures.find((failure) => failure.code === 'APPLIANCE_NOT_TRUSTED');
  if (stranger !== undefined) throw stranger;
  const tried = [...known, 'mDNS'].join(', ');
  throw new UsherError('NO_APPLIANCE_FOUND', { tried }, { cause: failures[0] });
}

async function knownCandidates({ site, lastUrl, network }: FinderOptions): Promise<string[]> {
  const gateways = (await network.gateways()).map((ip) => `https://${ip}:${ENROL_PORT}`);
  const urls = [...(lastUrl === undefined ? [] : [lastUrl]), ...site.urls, ...gateways];
  return distinctOrigins(urls).slice(0, MOST_CANDIDATES);
}

async function tryMdns(
  known: string[],
  options: FinderOptions,
  failures: UsherError[],
): Promise<EnrolClient | undefined> {
  const { caPem } = options.site;
  const heard = await findByMdns({
    applianceId: caPem === undefined ? undefined : idOfKey(new X509Certificate(caPem).publicKey),
    interfaceIps: options.network.links().flatMap(({ ip }) => (ip.includes(':') ? [] : [ip])),
    timeoutMs: MDNS_TIMEOUT_MS,
    logger: options.logger,
  });
  const fresh = distinctOrigins(heard).filter((origin) => !known.includes(origin));
  known.push(...fresh);
  return raceCandidates(fresh, options, failures);
}

/** The first client that answered, or undefined when none did; what went wrong is added to `failures`. */
async function raceCandidates(
  origins: readonly string[],
  options: FinderOptions,
  failures: UsherError[],
): Promise<EnrolClient | undefined> {
  const over = new AbortController();
  const attempts: Promise<void>[] = [];
  let winner: EnrolClient | undefined;
  for (const origin of origins) {
    const attempt = tryCandidate(origin, options, over.signal, failures).then((client) => {
      if (over.signal.aborted) client?.close();
      else if (client !== undefined) {
        winner = client;
        over.abort();
      }
    });
    attempts.push(attempt);
    await Promise.race([attempt, setTimeout(HEAD_START_MS)]);
    if (over.signal.aborted) break;
  }
  await Promise.all(attempts);
  return winner;
}

async function tryCandidate(
  origin: string,
  { site, identity, logger }: FinderOptions,
  signal: AbortSignal,
  failures: UsherError[],
): Promise<EnrolClient | undefined> {
  const client = new EnrolClient({ origin, caPem: site.caPem, identity });
  try {
    await client.info(signal);
    return client;
  } catch (error) {
    client.close();
    if (!isUsherError(error)) throw error;
    if (!signal.aborted) logger.debug({ origin, code: error.code }, 'no appliance here');
    failures.push(error);
    return undefined;
  }
}

/** `https://host:port` of each usable URL, without repetition, in the given order. */
function distinctOrigins(urls: readonly string[]): string[] {
  const origins = urls.flatMap((url) => {
    const parsed = URL.parse(url);
    return parsed?.protocol === 'https:' ? [parsed.origin] : [];
  });
  return [...new Set(origins)];
}

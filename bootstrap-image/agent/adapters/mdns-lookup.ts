import { createSocket, type Socket } from 'node:dgram';
import type { Logger } from '../../../foundation/logger.ts';
import { messageOf } from '../../../foundation/errors.ts';
import { decodeResponse, DNS_TYPE, type DnsQuestion, type DnsRecord, encodeQuery } from '../core/dns-message.ts';
import { lookUpRegistrars, REGISTRAR_SERVICE } from '../core/service-lookup.ts';

const GROUP = '224.0.0.251';
const PORT = 5353;
const MOST_RECORDS = 512;
const MOST_QUERIES = 4;

export interface MdnsLookupOptions {
  /** Only registrars whose TXT record carries this id; all when there is none. */
  readonly applianceId: string | undefined;
  /** IPv4 addresses of the interfaces to ask on. */
  readonly interfaceIps: readonly string[];
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/**
 * Asks once for `_usher._tcp` (RFC 6762 §5) on every interface and gives the URLs of the registrars of this site: as soon
 * as one is complete, or none after the timeout. The question goes out from port 5353 and as "QM", because responders
 * may answer to the group only; the port is shared with avahi.
 */
export async function findByMdns(options: MdnsLookupOptions): Promise<string[]> {
  if (options.interfaceIps.length === 0) return [];
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const records: DnsRecord[] = [];
  let asked = 0;
  const urls = await new Promise<string[]>((resolve) => {
    const timer = setTimeout(resolve, options.timeoutMs, []);
    const give = (found: string[]): void => {
      clearTimeout(timer);
      resolve(found);
    };
    const ask = (questions: readonly DnsQuestion[]): void => {
      asked += 1;
      if (asked <= MOST_QUERIES) void sendOnAll(socket, encodeQuery(questions), options);
    };
    socket.on('error', (error) => {
      options.logger.debug({ detail: messageOf(error) }, 'mDNS is not usable');
      give([]);
    });
    socket.on('message', (message) => {
      const heard = decodeResponse(message).slice(0, MOST_RECORDS - records.length);
      if (heard.length === 0) return;
      records.push(...heard);
      const lookup = lookUpRegistrars(records, options.applianceId);
      if (lookup.urls.length > 0) give(lookup.urls);
      else if (lookup.questions.length > 0) ask(lookup.questions);
    });
    socket.bind(PORT, () => {
      for (const ip of options.interfaceIps) tryOn(ip, options.logger, () => socket.addMembership(GROUP, ip));
      ask([{ name: REGISTRAR_SERVICE, type: DNS_TYPE.PTR }]);
    });
  });
  socket.close();
  return urls;
}

/** One after the other: which interface a datagram leaves by is a setting of the socket, not of the datagram. */
async function sendOnAll(socket: Socket, query: Uint8Array, options: MdnsLookupOptions): Promise<void> {
  for (const ip of options.interfaceIps) {
    await new Promise<void>((resolve) => {
      const sent = tryOn(ip, options.logger, () => {
        socket.setMulticastInterface(ip);
        socket.send(query, PORT, GROUP, (error) => {
          if (error !== null) options.logger.debug({ ip, detail: messageOf(error) }, 'the mDNS query was not sent');
          resolve();
        });
      });
      if (!sent) resolve();
    });
  }
}

/** False when the interface cannot be used: it may vanish at any time, and the others still count. */
function tryOn(ip: string, logger: Logger, run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    logger.debug({ ip, detail: messageOf(error) }, 'mDNS is not usable on this interface');
    return false;
  }
}

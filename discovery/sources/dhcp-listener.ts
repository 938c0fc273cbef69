import dhcp from 'dhcp';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { observeDhcp } from '../core/dhcp-observation.ts';
import { parseDhcp } from '../core/dhcp-packet.ts';
import type { Observe, Source } from './source.ts';

/** What the listener uses of the `dhcp` package. */
export type DhcpPackage = typeof dhcp;

export interface DhcpListenerOptions {
  /** Name given to observations: port 67 does not tell by which interface a broadcast came. */
  interface: string;
  clock: Clock;
  logger: Logger;
  observe: Observe;
  count: (isWellFormed: boolean) => void;
  /** The port cannot be had, or was lost: a packet tap has to take over. */
  onFailure: (error: UsherError) => void;
  package?: DhcpPackage;
}

/**
 * Hears broadcast DHCP messages on UDP port 67, through the listener of the `dhcp` package. Only for machines that are
 * told to have no DHCP server: beside one, whoever starts second fails, and unicast goes astray. It needs no tcpdump.
 *
 * The package gives the socket and nothing else. Its parser corrupts option 61 and trips over pads, and so our own reads
 * the same datagrams; the package's goes on in vain and its complaints are the `error` events without a code, which
 * without a listener would end the process.
 */
export function startDhcpListener(options: DhcpListenerOptions): Source {
  const { clock, logger, observe, package: library = dhcp } = options;
  let isListening = false;
  let failure: UsherError | undefined;
  quieten(library);
  const handler = library.createBroadcastHandler();

  handler.on('listening', (socket) => {
    isListening = true;
    socket.on('message', (payload) => {
      const parsed = parseDhcp(payload);
      options.count('packet' in parsed);
      if (!('packet' in parsed)) return;
      const seen = observeDhcp(parsed.packet, { interface: options.interface, atMs: clock.nowMs() });
      if (seen !== undefined) observe(seen.mac, seen.observation);
    });
  });
  handler.on('error', (error) => {
    if (error.syscall === undefined || failure !== undefined) return;
    isListening = false;
    failure = new UsherError('LISTEN_FAILED', { address: 'UDP port 67', detail: messageOf(error) }, { cause: error });
    logger.warn(failure.toBody(), 'the DHCP listener gives way to a packet tap');
    options.onFailure(failure);
  });
  handler.listen();

  return {
    state: () => ({
      name: 'dhcp listener',
      working: isListening,
      ...(failure === undefined ? {} : { detail: failure.message }),
    }),
    stop: () => new Promise((resolve) => handler.close(resolve)),
  };
}

/** The package logs each option it does not know to the console, so that any neighbour could flood the log: name them. */
function quieten(library: DhcpPackage): void {
  for (let code = 1; code < 255; code += 1) library.addOption(code, { name: `option ${String(code)}`, type: 'Hex' });
}

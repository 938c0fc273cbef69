import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { observeDhcp } from '../core/dhcp-observation.ts';
import { parseDhcp } from '../core/dhcp-packet.ts';
import { unwrapUdp } from '../core/ethernet.ts';
import { createPcapReader } from '../core/pcap-stream.ts';
import { type Spawn, supervise } from './child.ts';
import type { Observe, Source } from './source.ts';

export interface DhcpTapOptions {
  interface: string;
  spawn: Spawn;
  clock: Clock;
  logger: Logger;
  observe: Observe;
  /** Counts each message that was seen, and whether it was well formed. */
  count: (isWellFormed: boolean) => void;
}

/** DHCP in frames with no VLAN tag or one; `vlan` moves what follows it by the tag, so it stands last (pcap-filter(7)). */
export const DHCP_FILTER = '(udp and (port 67 or port 68)) or (vlan and udp and (port 67 or port 68))';
/** A full Ethernet frame with two VLAN tags; longer DHCP messages are not sent. */
const SNAP_BYTES = 1600;

/**
 * Watches the DHCP messages on one interface through a `tcpdump` child: beside any DHCP server, without a port of its
 * own and without promiscuous mode. `--immediate-mode` hands each frame over at once; without it the kernel collects them
 * for tens of milliseconds. When the capture ends it is started again.
 */
export function startDhcpTap(options: DhcpTapOptions): Source {
  const { clock, logger, observe } = options;
  let reader = createPcapReader();
  let failure: string | undefined;

  const receive = (frame: Uint8Array): void => {
    const datagram = unwrapUdp(frame);
    if (datagram === undefined) return;
    const parsed = parseDhcp(datagram.payload);
    options.count('packet' in parsed);
    if (!('packet' in parsed)) return;
    const { sourceMac, vlanId } = datagram;
    const name = vlanId === undefined ? options.interface : `${options.interface}.${String(vlanId)}`;
    const seen = observeDhcp(parsed.packet, { interface: name, atMs: clock.nowMs(), sourceMac });
    if (seen !== undefined) observe(seen.mac, seen.observation);
  };
  const child = supervise({
    command: 'tcpdump',
    args: [
      '-i',
      options.interface,
      '-n',
      '-p',
      '-U',
      '--immediate-mode',
      '-s',
      String(SNAP_BYTES),
      '-w',
      '-',
      DHCP_FILTER,
    ],
    spawn: options.spawn,
    clock,
    onStart: () => (reader = createPcapReader()),
    onOutput(chunk) {
      reader.push(chunk).forEach(receive);
      if (reader.broken() !== undefined) child.restart();
      else if (reader.started() && failure !== undefined) {
        failure = undefined;
        logger.info({ interface: options.interface }, 'listening for DHCP again');
      }
    },
    onLoss(detail) {
      const error = new UsherError('CAPTURE_FAILED', {
        interface: options.interface,
        detail: reader.broken() ?? detail,
      });
      if (failure === undefined) logger.warn({ ...error.toBody(), interface: options.interface }, 'DHCP is not seen');
      failure = error.message;
    },
  });

  return {
    state: () => ({
      name: `dhcp ${options.interface}`,
      working: failure === undefined && reader.started(),
      ...(failure === undefined ? {} : { detail: failure }),
    }),
    stop: () => child.stop(),
  };
}

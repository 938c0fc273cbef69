import type { DhcpPacket } from './dhcp-packet.ts';
import { boardIdentity } from './raspberry-pi-uuid.ts';
import type { Observation } from './sighting.ts';

const UNSET = '0.0.0.0';

/** Where and when a message was seen. */
export interface DhcpContext {
  interface: string;
  atMs: number;
  /** Sender of the Ethernet frame, when it was captured with its frame. */
  sourceMac?: string;
}

/** An observation and the MAC address it is about. */
export interface MacObservation {
  mac: string;
  observation: Observation;
}

/**
 * What a DHCP message tells about its client, or undefined when it tells nothing (OFFER and NAK: the client may take
 * another offer). The address is the one in use or acknowledged; a REQUEST's option 50 counts, since on most machines of
 * a switch the ACK is never seen.
 */
export function observeDhcp(packet: DhcpPacket, context: DhcpContext): MacObservation | undefined {
  if (packet.direction === 'reply' && packet.messageType !== 'ACK') return undefined;
  const ip = addressInUse(packet);
  const board = packet.machineUuid === undefined ? undefined : boardIdentity(packet.machineUuid, packet.clientMac);
  const suspicious = mismatch(packet, context.sourceMac);
  return {
    mac: packet.clientMac,
    observation: {
      source: 'dhcp',
      interface: context.interface,
      atMs: context.atMs,
      messageType: packet.messageType,
      ...(ip === undefined ? {} : { ip }),
      // What a server repeats in its ACK is the server's view; the client speaks for itself in its requests.
      ...(packet.direction === 'request' ? clientFacts(packet) : {}),
      ...board,
      ...(suspicious === undefined ? {} : { suspicious }),
    },
  };
}

function clientFacts(packet: DhcpPacket): Partial<Observation> {
  const { hostname, vendorClass, parameterList, clientId, architecture, machineUuid } = packet;
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(vendorClass === undefined ? {} : { vendorClass }),
    ...(parameterList === undefined ? {} : { parameterList }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(machineUuid === undefined ? {} : { machineUuid }),
  };
}

function addressInUse(packet: DhcpPacket): string | undefined {
  const candidates = {
    ACK: [packet.yourIp, packet.clientIp],
    REQUEST: [packet.clientIp, packet.requestedIp],
    INFORM: [packet.clientIp],
    DISCOVER: [],
    OFFER: [],
    NAK: [],
    DECLINE: [],
    RELEASE: [],
  }[packet.messageType];
  return candidates.find((ip) => ip !== undefined && ip !== UNSET);
}

/** A relay (giaddr set) forwards under its own MAC address, and a server's reply comes from the server. */
function mismatch(packet: DhcpPacket, sourceMac: string | undefined): string | undefined {
  if (packet.direction === 'reply' || packet.relayIp !== UNSET || sourceMac === undefined) return undefined;
  return sourceMac === packet.clientMac
    ? undefined
    : `The DHCP message names this MAC address, but ${sourceMac} sent it`;
}

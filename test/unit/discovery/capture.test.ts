import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapUdp } from '../../../discovery/core/ethernet.ts';
import { createPcapReader } from '../../../discovery/core/pcap-stream.ts';
import { buildPcap, wrapInFrame } from './build-dhcp.ts';
import { dhcpPayload, frame, FRAME_NAMES } from './dhcp-frames.ts';

describe('unwrapUdp', () => {
  it('gives sender, ports and payload of a captured frame', () => {
    const datagram = unwrapUdp(frame('udhcpcDiscover'));
    expect(datagram).toMatchObject({
      sourceMac: 'b8:27:eb:c0:ff:ee',
      sourceIp: '0.0.0.0',
      destinationIp: '255.255.255.255',
      sourcePort: 68,
      destinationPort: 67,
    });
    expect(datagram?.payload).toEqual(dhcpPayload('udhcpcDiscover'));
  });

  it.each([
    ['none', [], undefined],
    ['one', [42], 42],
    ['two', [7, 100], 100],
  ])('reads %s VLAN tag', (_count, vlanIds, vlanId) => {
    const datagram = unwrapUdp(wrapInFrame(dhcpPayload('dhclientDiscover'), 'b8:27:eb:c0:ff:ee', vlanIds));
    expect(datagram?.vlanId).toBe(vlanId);
    expect(datagram?.payload).toEqual(dhcpPayload('dhclientDiscover'));
  });

  it('leaves Ethernet padding out', () => {
    const padded = new Uint8Array([...frame('networkdDiscover'), 1, 2, 3]);
    expect(unwrapUdp(padded)?.payload).toEqual(dhcpPayload('networkdDiscover'));
  });

  it.each([
    ['ARP', (bytes: Uint8Array) => bytes.with(13, 6)],
    ['IPv6', (bytes: Uint8Array) => bytes.with(14, 0x65)],
    ['TCP', (bytes: Uint8Array) => bytes.with(23, 6)],
    ['a first fragment', (bytes: Uint8Array) => bytes.with(20, 0x20)],
    ['a later fragment', (bytes: Uint8Array) => bytes.with(21, 0x10)],
    ['a short header length', (bytes: Uint8Array) => bytes.with(14, 0x44)],
    ['a total length beyond the frame', (bytes: Uint8Array) => bytes.with(16, 0x10)],
    ['a UDP length beyond the packet', (bytes: Uint8Array) => bytes.with(38, 0x10)],
    ['a UDP length of 7', (bytes: Uint8Array) => bytes.with(38, 0).with(39, 7)],
    ['three VLAN tags', () => wrapInFrame(dhcpPayload('udhcpcDiscover'), 'b8:27:eb:c0:ff:ee', [1, 2, 3])],
  ])('refuses %s', (_name, change) => {
    expect(unwrapUdp(change(frame('udhcpcDiscover')))).toBeUndefined();
  });

  it('never throws on cut and mutated frames', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FRAME_NAMES), fc.nat(), fc.nat(), fc.nat(255), (name, length, at, value) => {
        const bytes = frame(name);
        bytes[at % 48] = value;
        unwrapUdp(bytes.subarray(0, length % (bytes.length + 1)));
      }),
      { numRuns: 5000, seed: 3 },
    );
  });
});

describe('pcap stream', () => {
  const frames = FRAME_NAMES.map(frame);

  it.each([
    ['little-endian', false],
    ['big-endian', true],
  ])('gives the frames of a %s stream however it is cut', (_order, bigEndian) => {
    const stream = buildPcap(frames, { bigEndian });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sizes) => {
        const reader = createPcapReader();
        const read: Uint8Array[] = [];
        let offset = 0;
        for (let index = 0; offset < stream.length; index += 1) {
          const end = offset + (sizes[index % sizes.length] ?? 1);
          read.push(...reader.push(stream.subarray(offset, end)));
          offset = end;
        }
        expect(read.map((bytes) => Buffer.from(bytes))).toEqual(frames.map((bytes) => Buffer.from(bytes)));
      }),
      { numRuns: 50, seed: 3 },
    );
  });

  it('has started once the file header is there', () => {
    const reader = createPcapReader();
    const stream = buildPcap([]);
    reader.push(stream.subarray(0, 23));
    expect(reader.started()).toBe(false);
    reader.push(stream.subarray(23));
    expect(reader.started()).toBe(true);
  });

  it.each([
    ['text', new Uint8Array(Buffer.from('tcpdump: no such device exists, at all')), 'not a pcap stream'],
    ['a cooked capture', buildPcap([], { linkType: 113 }), 'not an Ethernet interface'],
    [
      'a huge record',
      new Uint8Array([...buildPcap([]), ...Buffer.alloc(8), 0, 0, 2, 0, 0, 0, 2, 0]),
      'a record is too long',
    ],
  ])('breaks on %s and stays broken', (_name, stream, reason) => {
    const reader = createPcapReader();
    expect(reader.push(stream)).toEqual([]);
    expect(reader.broken()).toBe(reason);
    expect(reader.push(buildPcap(frames))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { observeDhcp } from '../../../discovery/core/dhcp-observation.ts';
import { parseDhcp } from '../../../discovery/core/dhcp-packet.ts';
import { unwrapUdp } from '../../../discovery/core/ethernet.ts';
import { discoverFrame } from '../../../lab/hollow/dhcp-frame.ts';
import { hollowBoard } from '../../../lab/hollow/hollow-board.ts';

describe('hollow Pis', () => {
  it('share neither serial nor address, up to the largest crowd', () => {
    const boards = Array.from({ length: 5000 }, (_, index) => hollowBoard(index + 1));
    for (const key of ['name', 'serial', 'mac', 'address'] as const)
      expect(new Set(boards.map((board) => board[key])).size).toBe(5000);
    expect(boards[299]).toMatchObject({ serial: '1000000000c0012c', mac: 'dc:a6:32:c0:01:2c', address: '10.78.1.44' });
  });

  it('ask for an address as the DHCP client of a card does', () => {
    const board = hollowBoard(7);
    const datagram = unwrapUdp(discoverFrame(board, 0xdeadbeef));
    const parsed = parseDhcp(datagram?.payload ?? new Uint8Array());
    if (!('packet' in parsed)) throw new TypeError('not a DHCP message');
    const seen = observeDhcp(parsed.packet, { interface: 'eth0', atMs: 1, sourceMac: datagram?.sourceMac ?? '' });
    expect(seen?.mac).toBe(board.mac);
    expect(seen?.observation).toMatchObject({
      messageType: 'DISCOVER',
      vendorClass: 'usher:1',
      hostname: 'raspberrypi',
    });
    expect(seen?.observation.suspicious).toBeUndefined();
  });
});

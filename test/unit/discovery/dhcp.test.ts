import fc from 'fast-check';
import { runs } from '../../support/full-run.ts';
import { describe, expect, it } from 'vitest';
import { observeDhcp } from '../../../discovery/core/dhcp-observation.ts';
import { type DhcpPacket, parseDhcp } from '../../../discovery/core/dhcp-packet.ts';
import { boardIdentity } from '../../../discovery/core/raspberry-pi-uuid.ts';
import { buildDhcp, option, optionsField } from './build-dhcp.ts';
import { dhcpPayload, FRAME_NAMES, type FrameName } from './dhcp-frames.ts';

function parse(payload: Uint8Array): DhcpPacket {
  const result = parseDhcp(payload);
  expect(result).toHaveProperty('packet');
  return 'packet' in result ? result.packet : expect.unreachable();
}

function malformed(payload: Uint8Array): string | undefined {
  const result = parseDhcp(payload);
  return 'malformed' in result ? result.malformed : undefined;
}

describe('real clients', () => {
  it.each<[FrameName, Partial<DhcpPacket>]>([
    [
      'udhcpcDiscover',
      {
        direction: 'request',
        messageType: 'DISCOVER',
        clientMac: 'b8:27:eb:c0:ff:ee',
        hostname: 'raspberrypi',
        vendorClass: 'udhcp 1.35.0',
        clientId: '01b827ebc0ffee',
        parameterList: [1, 3, 6, 12, 15, 28, 42],
      },
    ],
    ['udhcpcRequest', { messageType: 'REQUEST', requestedIp: '10.98.7.111', serverIp: '10.98.7.1' }],
    [
      'dnsmasqAck',
      { direction: 'reply', messageType: 'ACK', yourIp: '10.98.7.111', leaseSec: 3600, clientMac: 'b8:27:eb:c0:ff:ee' },
    ],
    [
      'dhclientDiscover',
      {
        hostname: 'lathe-left',
        vendorClass: 'usher:1',
        parameterList: [1, 28, 2, 3, 15, 6, 12],
        transactionId: 0x6cc6e46e,
      },
    ],
    ['dhcpcdDiscover', { vendorClass: 'dhcpcd-9.4.1:Linux-6.1.21-v8+:aarch64:BCM2835', hostname: 'raspberrypi' }],
    ['networkdDiscover', { clientId: 'ff0102030400020000ab110011223344556677', vendorClass: 'usher:1' }],
    ['networkdRelease', { messageType: 'RELEASE', clientIp: '10.98.7.142' }],
  ])('%s', (name, facts) => {
    expect(parse(dhcpPayload(name))).toMatchObject(facts);
  });
});

describe('options', () => {
  it('joins the parts of a split option across options, file and sname (RFC 3396)', () => {
    const packet = parse(
      buildDhcp({
        options: optionsField(1, option(52, [3]), option(60, 'usher:'), option(12, 'lat')),
        file: new Uint8Array([...option(60, '1-'), 0, 0, ...option(12, 'he-'), 255]),
        sname: new Uint8Array([...option(60, 'x'), ...option(12, 'left'), 255]),
      }),
    );
    expect(packet).toMatchObject({ vendorClass: 'usher:1-x', hostname: 'lathe-left' });
  });

  it('reads neither file nor sname without option 52', () => {
    const packet = parse(buildDhcp({ options: optionsField(1), file: new Uint8Array([...option(12, 'boot'), 255]) }));
    expect(packet.hostname).toBeUndefined();
  });

  it('takes pads, a missing end, and nothing after the end', () => {
    const pads = new Uint8Array([0, ...option(53, [1]), 0, 0, 0, ...option(12, 'a'), 255, 12, 200]);
    expect(parse(buildDhcp({ options: pads })).hostname).toBe('a');
    expect(parse(buildDhcp({ options: new Uint8Array([...option(12, 'a'), ...option(53, [1])]) })).hostname).toBe('a');
  });

  it('decodes 50, 82, 93 and 97, and leaves out what has an impossible length', () => {
    const uuid = [0, ...Buffer.from('525069341431d00032b023c3d80092e0', 'hex')];
    const good = optionsField(
      1,
      option(50, [10, 0, 0, 9]),
      option(82, [1, 1, 7]),
      option(93, [0, 11, 0, 0]),
      option(97, uuid),
    );
    expect(parse(buildDhcp({ options: good }))).toMatchObject({
      requestedIp: '10.0.0.9',
      relayAgent: '010107',
      architecture: 11,
      machineUuid: '00525069341431d00032b023c3d80092e0',
    });
    const odd = optionsField(1, option(50, [10, 0, 0]), option(93, [0]), option(97, uuid.slice(1)), option(12, ''));
    const { requestedIp, architecture, machineUuid, hostname } = parse(buildDhcp({ options: odd }));
    expect([requestedIp, architecture, machineUuid, hostname]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps UTF-8 and drops the NUL at the end of a name', () => {
    expect(parse(buildDhcp({ options: optionsField(1, option(12, 'größe\0')) })).hostname).toBe('größe');
  });
});

describe('malformed messages', () => {
  const good = buildDhcp({ options: optionsField(1) });
  const changed = (offset: number, value: number): Uint8Array => good.with(offset, value);

  it.each([
    ['a byte', new Uint8Array([1]), 'shorter than a DHCP message'],
    ['no options field', good.slice(0, 239), 'shorter than a DHCP message'],
    ['op 3', changed(0, 3), 'neither request nor reply'],
    ['Infiniband', changed(1, 32), 'not Ethernet'],
    ['a long hardware address', changed(2, 16), 'not Ethernet'],
    ['another cookie', changed(239, 0), 'no magic cookie'],
    ['BOOTP without type', buildDhcp({ options: new Uint8Array([255]) }), 'no message type'],
    ['type 0', buildDhcp({ options: optionsField(0) }), 'no message type'],
    ['type 9', buildDhcp({ options: optionsField(9) }), 'no message type'],
    ['two types', buildDhcp({ options: optionsField(1, option(53, [1])) }), 'no message type'],
    [
      'a cut option',
      buildDhcp({ options: new Uint8Array([53, 1, 1, 12, 9, 65]) }),
      'an option reaches beyond its field',
    ],
    ['a cut length', buildDhcp({ options: new Uint8Array([53, 1, 1, 12]) }), 'an option reaches beyond its field'],
    [
      'a cut option in file',
      buildDhcp({ options: optionsField(1, option(52, [1])), file: new Uint8Array([12, 200]) }),
      'an option reaches beyond its field',
    ],
  ])('%s', (_name, payload, reason) => {
    expect(malformed(payload)).toBe(reason);
  });

  it('never throws on mutated packets, and gives no more than it got', () => {
    let wellFormed = 0;
    const mutation = fc.record({ at: fc.nat(), value: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...FRAME_NAMES),
        fc.array(mutation, { maxLength: 12 }),
        fc.nat(),
        (name, mutations, cut) => {
          const original = dhcpPayload(name);
          for (const { at, value } of mutations) original[at % original.length] = value;
          // Two of three keep their length: most cuts end a packet early.
          const payload = cut % 3 === 0 ? original.subarray(0, cut % original.length) : original;
          const result = parseDhcp(payload);
          if (!('packet' in result)) return;
          wellFormed += 1;
          const seen = observeDhcp(result.packet, { interface: 'eth0', atMs: 0, sourceMac: 'dc:a6:32:0a:0b:0c' });
          expect(JSON.stringify(seen ?? '').length).toBeLessThan(payload.length * 8);
        },
      ),
      { numRuns: runs(20_000, 500_000), seed: 3 },
    );
    expect(wellFormed).toBeGreaterThan(2000);
  });
});

describe('observations', () => {
  const context = { interface: 'eth0', atMs: 5, sourceMac: 'dc:a6:32:01:02:03' };
  const observe = (parts: Parameters<typeof buildDhcp>[0]) => observeDhcp(parse(buildDhcp(parts)), context);

  it.each<[string, Parameters<typeof buildDhcp>[0], string | undefined]>([
    ['a DISCOVER wishes only', { options: optionsField(1, option(50, [10, 0, 0, 9])) }, undefined],
    ['a REQUEST asks for it', { options: optionsField(3, option(50, [10, 0, 0, 9])) }, '10.0.0.9'],
    ['a renewal has it', { options: optionsField(3), clientIp: '10.0.0.8' }, '10.0.0.8'],
    ['an INFORM has it', { options: optionsField(8), clientIp: '10.0.0.7' }, '10.0.0.7'],
    ['a RELEASE gives it back', { options: optionsField(7), clientIp: '10.0.0.8' }, undefined],
  ])('address: %s', (_name, parts, ip) => {
    expect(observe(parts)?.observation.ip).toBe(ip);
  });

  it('takes the address of an ACK, ignores OFFER and NAK, and never takes names from a server', () => {
    const ack = observeDhcp(parse(dhcpPayload('dnsmasqAck')), context);
    expect(ack).toMatchObject({ mac: 'b8:27:eb:c0:ff:ee', observation: { ip: '10.98.7.111', messageType: 'ACK' } });
    expect(ack?.observation.hostname).toBeUndefined();
    expect(ack?.observation.suspicious).toBeUndefined();
    expect(observe({ op: 2, options: optionsField(2) })).toBeUndefined();
    expect(observe({ op: 2, options: optionsField(6) })).toBeUndefined();
  });

  it('finds it suspicious when another machine sends it, unless a relay does', () => {
    const mac = 'dc:a6:32:99:99:99';
    expect(observe({ mac, options: optionsField(1) })).toMatchObject({
      mac,
      observation: { suspicious: 'The DHCP message names this MAC address, but dc:a6:32:01:02:03 sent it' },
    });
    expect(observe({ mac, options: optionsField(1), relayIp: '10.0.0.1' })?.observation.suspicious).toBeUndefined();
    expect(observe({ options: optionsField(1) })?.observation.suspicious).toBeUndefined();
  });

  it('knows a Raspberry Pi 4 by its bootloader', () => {
    const uuid = [0, ...Buffer.from('525069341431d00032b023c3d80092e0', 'hex')];
    const options = optionsField(
      1,
      option(60, 'PXEClient:Arch:00000:UNDI:002001'),
      option(93, [0, 0]),
      option(94, [1, 2, 1]),
      option(97, uuid),
    );
    expect(observe({ options })?.observation).toMatchObject({
      vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
      architecture: 0,
      serial: 'e09200d8',
      revision: 'd03114',
    });
  });
});

describe('option 97 of Raspberry Pi bootloaders', () => {
  it.each([
    ['Pi 5', '00525069357041d000a1b2c3d478563412', '2c:cf:67:b2:c3:d4', { serial: '12345678', revision: 'd04170' }],
    ['Pi 3B+, big-endian', '0000abcdef00abcdef00abcdef00abcdef', 'b8:27:eb:ab:cd:ef', { serial: '00abcdef' }],
    ['Pi 3B+, little-endian', '00efcdab12efcdab12efcdab12efcdab12', 'b8:27:eb:ab:cd:ef', { serial: '12abcdef' }],
    ['Pi 3B, always the same', `00${'44'.repeat(16)}`, 'b8:27:eb:ab:cd:ef', undefined],
    ['a PC', '004c4c4544004d3510805ab4c04f4d3132', 'd4:be:d9:00:00:01', undefined],
  ])('%s', (_board, machineUuid, mac, identity) => {
    expect(boardIdentity(machineUuid, mac)).toEqual(identity);
  });
});

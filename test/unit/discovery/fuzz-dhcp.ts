import { ALL_HOSTILE_STRINGS } from '../../support/hostile-strings.ts';
import type { Dice } from '../../support/seeded.ts';
import { buildDhcp, option, wrapInFrame } from './build-dhcp.ts';
import { frame, FRAME_NAMES } from './dhcp-frames.ts';

/** Prefixes of Raspberry Pi, so that many mutants count as candidates, and others. */
const PREFIXES = ['b8:27:eb', 'dc:a6:32', '28:cd:c1', '02:00:5e', '00:00:00', 'ff:ff:ff'];
const CODES = [
  0, 1, 3, 12, 43, 50, 51, 52, 53, 54, 55, 57, 60, 61, 66, 67, 81, 82, 93, 94, 97, 119, 121, 249, 252, 255,
];

export function anyMac(dice: Dice): string {
  const low = dice.bytes(3).map((byte) => byte.toString(16).padStart(2, '0'));
  return [dice.oneIn(8) ? dice.pick(PREFIXES) : (PREFIXES[dice.below(3)] ?? ''), ...low].join(':');
}

/** What a client of that kind sends, before anything is spoilt. */
function honestOptions(dice: Dice, mac: string): number[][] {
  const macBytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const text = (): string => dice.pick(ALL_HOSTILE_STRINGS).slice(0, 240);
  const kinds: (() => number[][])[] = [
    () => [
      option(53, [1]),
      option(55, [1, 3, 6, 12, 15, 28, 42]),
      option(12, 'raspberrypi'),
      option(61, [1, ...macBytes]),
    ],
    () => [
      option(53, [3]),
      option(50, [10, 77, dice.below(256), dice.below(256)]),
      option(60, text()),
      option(12, text()),
    ],
    () => [option(53, [5]), option(51, [0, 0, 14, 16]), option(54, [10, 77, 0, 1])],
    // A Raspberry Pi bootloader: PXE with architecture and `RPi4` in the machine's UUID.
    () => [
      ...[option(53, [1]), option(60, 'PXEClient:Arch:00000:UNDI:002001'), option(93, [0, 0]), option(94, [1, 2, 1])],
      option(97, [0, 0x52, 0x50, 0x69, 0x34, 0x14, 0x31, 0xd0, 0, ...macBytes.slice(2), ...dice.bytes(4)]),
    ],
    // Behind a relay, with nested suboptions.
    () => [option(53, [3]), option(82, [1, 4, ...dice.bytes(4), 2, 6, ...macBytes]), option(12, text())],
    // BOOTP has no message type.
    () => [option(12, 'old')],
    () => [
      option(53, [8]),
      option(119, [4, 104, 97, 108, 108, 0xc0, 0]),
      option(81, [0, 0, 0, ...Buffer.from(text()).subarray(0, 200)]),
    ],
    () => [option(53, [7]), option(61, [255, ...dice.bytes(18)])],
  ];
  return dice.pick(kinds)();
}

/** Spoils one option: its length, its content, its place, its number. */
function spoil(dice: Dice, options: number[][]): void {
  const at = dice.below(options.length);
  const one = options[at] ?? [];
  switch (dice.below(9)) {
    case 0:
      one[1] = dice.pick([0, 1, (one[1] ?? 0) + 1, Math.max(0, (one[1] ?? 0) - 1), 254, 255]) & 0xff;
      return;
    case 1:
      options[at] = option(dice.pick(CODES), dice.bytes(dice.below(60)));
      return;
    case 2:
      one[0] = dice.pick(CODES);
      return;
    case 3:
      // RFC 3396: one option in very many parts.
      options.splice(at, 0, ...Array.from({ length: 1 + dice.below(120) }, () => one));
      return;
    case 4:
      options.push(option(52, [dice.below(8)]));
      return;
    case 5:
      options.splice(at, 0, [...Array.from({ length: dice.below(64) }, () => 0)]);
      return;
    case 6:
      options[at] = option(
        dice.pick([12, 60]),
        Buffer.from(dice.pick(ALL_HOSTILE_STRINGS)).subarray(0, 255).toString('latin1').slice(0, 120),
      );
      return;
    case 7:
      options[at] = one.slice(0, dice.below(one.length + 1));
      return;
    default:
      options[at] = one.map((byte, index) => (index > 1 && dice.oneIn(3) ? dice.byte() : byte));
  }
}

/** An Ethernet frame around a DHCP message that is wrong in some ways, or in none. */
export function mutantFrame(dice: Dice): Uint8Array {
  return scramble(dice, dice.oneIn(4) ? frame(dice.pick(FRAME_NAMES)) : structuredFrame(dice));
}

function structuredFrame(dice: Dice): Uint8Array {
  const mac = anyMac(dice);
  const options = honestOptions(dice, mac);
  for (let times = dice.below(3); times > 0; times -= 1) spoil(dice, options);
  const field = (): Uint8Array =>
    new Uint8Array([...option(dice.pick(CODES), dice.bytes(dice.below(20))), dice.pick([255, 0])]);
  const payload = buildDhcp({
    op: dice.oneIn(12) ? dice.byte() : dice.pick([1, 1, 1, 2]),
    mac,
    clientIp: dice.oneIn(3) ? `10.77.${String(dice.below(256))}.${String(dice.below(256))}` : '0.0.0.0',
    relayIp: dice.oneIn(5) ? '10.77.0.254' : '0.0.0.0',
    sname: field().subarray(0, 64),
    file: field().subarray(0, 128),
    options: new Uint8Array([...options.flat().map((byte) => byte & 0xff), ...(dice.oneIn(6) ? [] : [255])]).subarray(
      0,
      1400,
    ),
  });
  const vlans = dice.oneIn(5) ? Array.from({ length: 1 + dice.below(3) }, () => dice.below(4096)) : [];
  return wrapInFrame(payload, dice.oneIn(6) ? anyMac(dice) : mac, vlans);
}

/** Offsets of lengths and types in a frame without tags: EtherType, IHL, total length, fragments, protocol, UDP length. */
const TELLING = [12, 13, 14, 16, 17, 20, 21, 23, 38, 39, 42, 43, 44, 278, 279, 282, 283];

function scramble(dice: Dice, given: Uint8Array): Uint8Array {
  if (!dice.oneIn(4)) return given;
  let bytes = Uint8Array.from(given);
  for (let times = 1 + dice.below(3); times > 0 && bytes.length > 0; times -= 1) {
    const at = dice.below(bytes.length);
    switch (dice.below(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
        break;
      case 1:
        bytes[Math.min(dice.pick(TELLING), bytes.length - 1)] = dice.byte();
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...dice.bytes(dice.below(16)), ...bytes.subarray(at)]);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + dice.below(16))]);
        break;
      default:
        bytes[at] = dice.byte();
    }
  }
  return bytes;
}

/** A pcap stream with one frame whose headers lie. */
export function spoiltPcap(dice: Dice, stream: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(stream);
  const lengthAt = 24 + dice.pick([8, 9, 10, 11, 12]);
  if (dice.oneIn(2)) bytes[lengthAt] = dice.byte();
  else bytes[dice.below(40)] = dice.byte();
  return dice.oneIn(3) ? bytes.subarray(0, dice.below(bytes.length)) : bytes;
}

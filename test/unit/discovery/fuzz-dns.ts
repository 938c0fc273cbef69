import { ALL_HOSTILE_STRINGS } from '../../support/hostile-strings.ts';
import type { Dice } from '../../support/seeded.ts';

const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  NSEC: 47,
  ANY: 255,
} as const;
const SERVICES = [
  '_usher-device._tcp.local',
  '_usher._tcp.local',
  '_workstation._tcp.local',
  '_services._dns-sd._udp.local',
];
const uint16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const uint32 = (value: number): number[] => [...uint16(value >>> 16), ...uint16(value & 0xffff)];

/** A name as labels; what is too long for a label is cut. */
export function dnsName(text: string): number[] {
  const labels = text.split('.').filter((label) => label !== '');
  return [
    ...labels.flatMap((label) => {
      const bytes = [...Buffer.from(label)].slice(0, 63);
      return [bytes.length, ...bytes];
    }),
    0,
  ];
}

/** A name that may lie: pointers to anywhere, labels without end, reserved label types. */
function anyName(dice: Dice, lies: boolean): number[] {
  switch (lies ? dice.below(12) : 5 + dice.below(7)) {
    case 0:
      return [0xc0 | dice.below(64), dice.below(256)];
    case 1:
      return [0xc0, dice.below(64)];
    case 2:
      return [...dnsName(dice.pick(SERVICES)).slice(0, -1), 0xc0, dice.pick([0, 12, 13, 20, 40])];
    case 3:
      return Array.from({ length: 1 + dice.below(130) }, () => [1, 97]).flat();
    case 4:
      return [dice.pick([0x40, 0x80, 63, 64]), ...dice.bytes(dice.below(80))];
    case 5:
      return dnsName(dice.pick(ALL_HOSTILE_STRINGS).slice(0, lies ? 400 : 60));
    case 6:
      return dnsName(`${dice.pick(ALL_HOSTILE_STRINGS).replaceAll('.', '').slice(0, 30)}.${dice.pick(SERVICES)}`);
    default:
      return dnsName(dice.oneIn(2) ? dice.pick(SERVICES) : `pi-${String(dice.below(2000))}.${dice.pick(SERVICES)}`);
  }
}

function txtData(dice: Dice, lies: boolean): number[] {
  const strings = Array.from({ length: dice.below(dice.oneIn(10) ? 200 : 6) }, () => {
    const key = dice.oneIn(3)
      ? dice.pick(ALL_HOSTILE_STRINGS).slice(0, 40)
      : dice.pick(['id', 'v', 'n', 'api', '', '__proto__']);
    const value = dice.oneIn(2) ? dice.pick(ALL_HOSTILE_STRINGS) : 'k4t7m2c0ffee00000000000000';
    const bytes = [...Buffer.from(`${key}=${value}`)].slice(0, 255);
    return [lies && dice.oneIn(10) ? dice.byte() : bytes.length, ...bytes];
  });
  return strings.flat();
}

function anyRecord(dice: Dice, senderIp: string, lies: boolean): number[] {
  const anyType = dice.oneIn(12) ? dice.below(300) : dice.pick(Object.values(TYPES));
  const type = lies ? anyType : dice.pick([TYPES.A, TYPES.PTR, TYPES.SRV, TYPES.TXT]);
  const kinds: Record<number, (() => number[]) | undefined> = {
    [TYPES.A]: () => (lies && dice.oneIn(2) ? dice.bytes(dice.below(8)) : senderIp.split('.').map(Number)),
    [TYPES.PTR]: () => anyName(dice, lies),
    [TYPES.SRV]: () => [0, 0, 0, 0, ...uint16(dice.below(65_536)), ...anyName(dice, lies)],
    [TYPES.TXT]: () => txtData(dice, lies),
  };
  const data = kinds[type]?.() ?? dice.bytes(dice.below(40));
  const length =
    lies && dice.oneIn(8) ? dice.pick([0, 1, data.length + 1, Math.max(0, data.length - 1), 0xffff]) : data.length;
  const ttl = dice.pick([0, 1, 120, 4500, 0x7fffffff, 0xffffffff]);
  const name = dice.oneIn(4) && type === TYPES.A ? dnsName('raspberrypi.local') : anyName(dice, lies);
  return [
    ...name,
    ...uint16(type),
    ...uint16(dice.pick([1, 1, 1, 0x8001, 3])),
    ...uint32(ttl),
    ...uint16(length),
    ...data,
  ];
}

/** An mDNS message: query, response, goodbye, truncated, with counts and pointers that may lie. */
export function mutantDns(dice: Dice, senderIp: string): Uint8Array {
  // One lie makes the whole message unreadable, and then nothing behind the reader would be tried.
  const lies = dice.oneIn(2);
  const flags = dice.oneIn(6) ? dice.below(65_536) : dice.pick([0x8400, 0x8400, 0x8400, 0x0000, 0x8600, 0x0200]);
  const questions = Array.from({ length: dice.below(3) }, () => [
    ...anyName(dice, lies),
    ...uint16(dice.pick(Object.values(TYPES))),
    ...uint16(dice.pick([1, 0x8001])),
  ]);
  const records = Array.from({ length: dice.below(dice.oneIn(20) ? 80 : 6) }, () => anyRecord(dice, senderIp, lies));
  const lying = (count: number): number => (lies && dice.oneIn(8) ? dice.pick([0, count + 1, 255, 0xffff]) : count);
  const inAnswers = dice.below(records.length + 1);
  const counts = [questions.length, inAnswers, 0, records.length - inAnswers].flatMap((count) => uint16(lying(count)));
  const bytes = Uint8Array.from(
    [...uint16(dice.below(65_536)), ...uint16(flags), ...counts, ...questions.flat(), ...records.flat()].map(
      (byte) => byte & 0xff,
    ),
  );
  if (lies && dice.oneIn(6)) return bytes.slice(0, dice.below(bytes.length + 1));
  if (lies && dice.oneIn(4))
    for (let times = 1 + dice.below(4); times > 0; times -= 1) bytes[dice.below(bytes.length)] = dice.byte();
  return bytes;
}

/** A response by which a device for Usher announces itself. */
export function honestAnnouncement(deviceId: string): Uint8Array {
  const instance = dnsName('usher-1._usher-device._tcp.local');
  const record = (name: number[], type: number, data: number[]): number[] => [
    ...name,
    ...uint16(type),
    ...uint16(1),
    ...uint32(120),
    ...uint16(data.length),
    ...data,
  ];
  const id = Buffer.from(`id=${deviceId}`);
  const records = [
    record(dnsName('_usher-device._tcp.local'), TYPES.PTR, instance),
    record(instance, TYPES.TXT, [id.length, ...id]),
  ];
  return Uint8Array.from([0, 0, 0x84, 0, 0, 0, 0, records.length, 0, 0, 0, 0, ...records.flat()]);
}

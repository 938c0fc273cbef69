import type { Health } from '../../../join/protocol/health.ts';

/** Bits of the firmware's GET_THROTTLED (raspberrypi.com, "vcgencmd get_throttled"): now, and since it was asked last. */
const UNDERVOLTAGE = 0x1_0001;
const THROTTLED = 0x4_0004;
/** PRE_EOL_INFO: 2 warning (80 % of the spare blocks used), 3 urgent. */
const WORN_PRE_EOL = 2;
/** DEVICE_LIFE_TIME_EST: steps of a tenth; 0x0a is 90 to 100 % of the rated life, 0x0b is beyond it. */
const WORN_LIFE_TIME = 0x0a;
const NEARLY_FULL = 0.1;

/** What the kernel says of the power now; undefined when this board has no such sensor. */
export function powerOf(facts: {
  throttledHex: string | undefined;
  lowVoltageAlarm: string | undefined;
}): Health['power'] {
  const bits = /^(0x)?[0-9a-f]{1,8}$/i.test(facts.throttledHex ?? '')
    ? Number.parseInt(facts.throttledHex ?? '', 16)
    : Number.NaN;
  const known = Number.isNaN(bits)
    ? undefined
    : { undervoltage: isSet(bits, UNDERVOLTAGE), throttled: isSet(bits, THROTTLED) };
  if (facts.lowVoltageAlarm === undefined) return known;
  return { ...known, undervoltage: known?.undervoltage === true || facts.lowVoltageAlarm === '1' };
}

/** What was seen before in this boot and what is seen now, as one. */
export function mergedPower(before: Health['power'], now: Health['power']): Health['power'] {
  if (before === undefined || now === undefined) return now ?? before;
  const either = (name: 'undervoltage' | 'throttled'): { [key in typeof name]?: boolean } =>
    before[name] === undefined && now[name] === undefined
      ? {}
      : { [name]: before[name] === true || now[name] === true };
  return { ...either('undervoltage'), ...either('throttled') };
}

export interface CardFacts {
  /** Of every mounted ext4: `errors_count`, decimal. */
  readonly errorCounts: readonly string[];
  /** Of every eMMC: `pre_eol_info`, hexadecimal; SD cards have none. */
  readonly preEndOfLife: readonly string[];
  /** Of every eMMC: `life_time`, two hexadecimal numbers. */
  readonly lifeTimes: readonly string[];
  /** `/proc/mounts` */
  readonly mounts: string | undefined;
  readonly room: { bytes: number; freeBytes: number; inodes: number; freeInodes: number } | undefined;
}

/** How the card is; undefined when the kernel tells nothing of it. */
export function cardOf(facts: CardFacts): Health['card'] {
  const { errorCounts, preEndOfLife, lifeTimes, room } = facts;
  const wear = [
    ...preEndOfLife.map((hex) => Number.parseInt(hex, 16) >= WORN_PRE_EOL),
    ...lifeTimes.map((pair) => pair.split(/\s+/).some((hex) => Number.parseInt(hex, 16) >= WORN_LIFE_TIME)),
  ];
  const readOnly = isRootReadOnly(facts.mounts);
  const card = {
    ...(wear.length === 0 ? {} : { worn: wear.includes(true) }),
    ...(errorCounts.length === 0 ? {} : { errors: powerOfTen(sum(errorCounts)) }),
    ...(readOnly === undefined ? {} : { readOnly }),
    ...(room === undefined ? {} : { nearlyFull: isNearlyFull(room) }),
  };
  return Object.keys(card).length === 0 ? undefined : card;
}

function isSet(bits: number, mask: number): boolean {
  return (bits & mask) !== 0;
}

function sum(texts: readonly string[]): number {
  return texts.map(Number).reduce((total, one) => (Number.isFinite(one) ? total + one : total), 0);
}

function powerOfTen(count: number): number {
  return count < 1 ? 0 : 10 ** Math.floor(Math.log10(count));
}

/** The last line for `/` is the one in force. */
function isRootReadOnly(mounts: string | undefined): boolean | undefined {
  const options = (mounts ?? '')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, target]) => target === '/')
    .at(-1)?.[3];
  return options?.split(',').includes('ro');
}

/** File systems without a number of inodes of their own say 0. */
function isNearlyFull(room: NonNullable<CardFacts['room']>): boolean {
  const { bytes, freeBytes, inodes, freeInodes } = room;
  return freeBytes < bytes * NEARLY_FULL || freeInodes < inodes * NEARLY_FULL;
}

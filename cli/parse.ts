import { InvalidArgumentError } from 'commander';
import type { NewClaim } from '../api/client/types.ts';

type Taint = NonNullable<NewClaim['taints']>[number];
type Pair = NonNullable<NewClaim['pair']>;

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `machine=lathe` as key and value. The value may be empty, the sign may not be missing. */
export function parseLabel(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write a label as key=value.');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `dedicated=lathe:NoSchedule` or `dedicated:NoSchedule`, as kubectl writes taints. */
export function parseTaint(text: string): Taint {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? [];
  if (key === undefined || effect === undefined) {
    throw new InvalidArgumentError('Write a taint as key[=value]:NoSchedule, :PreferNoSchedule or :NoExecute.');
  }
  return { key, ...(value === undefined ? {} : { value }), effect: effect as Taint['effect'] };
}

/** `lathe-1:Primary` */
export function parsePair(text: string): Pair {
  const [, name, role] = /^([^:]+):(Primary|Backup)$/.exec(text) ?? [];
  if (name === undefined || role === undefined) {
    throw new InvalidArgumentError('Write a pair as name:Primary or name:Backup.');
  }
  return { name, role: role as Pair['role'] };
}

/** A positive number of seconds, or with a unit: `90`, `90s`, `15m`, `12h`, `7d`, `2w`. */
export function parseSeconds(text: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? [];
  const seconds = Number(amount) * (SECONDS_OF_UNIT[unit === undefined || unit === '' ? 's' : unit] ?? 1);
  if (!Number.isSafeInteger(seconds) || seconds < 1) {
    throw new InvalidArgumentError('Write a time as 90s, 15m, 12h or 7d.');
  }
  return seconds;
}

/** A positive whole number. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('Write a whole number from 1 on.');
  return count;
}

/** A whole number from 0 on. */
export function parseFirstNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 0 on.');
  return Number(text);
}

/** For options that may be repeated: parses each value and keeps them in order. */
export function collect<Value>(parse: (text: string) => Value): (text: string, before: Value[] | undefined) => Value[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

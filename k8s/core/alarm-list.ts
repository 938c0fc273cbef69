import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import { UsherError, type ErrorParams } from '../../foundation/errors.ts';
import { toRfc3339 } from '../../foundation/clock.ts';

/** What an alarm is raised with: a code of the catalogue and whom or what it is about. */
export interface NewAlarm {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  /** Id of the device it is about. */
  readonly device?: string;
  readonly nodeName?: string;
  /**
   * What makes it another occasion of the same alarm: one that somebody acknowledged comes back only when this differs.
   * Without it, an acknowledged alarm stays quiet for good.
   */
  readonly occasion?: string;
}

/** An alarm as it is kept and shown. */
export interface Alarm {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** RFC 3339. */
  readonly since: string;
  readonly device?: string;
  readonly nodeName?: string;
  readonly occasion?: string;
  /** RFC 3339; when somebody said that he judged it. */
  readonly acknowledgedAt?: string;
}

/** Alarms that are kept, acknowledged ones included: 200 of them stay far below the 1 MiB of a ConfigMap. */
export const MOST_ALARMS = 200;

/**
 * The id of an alarm, the same for the same code, device and node name; fit to be a key of a ConfigMap and a part of a
 * path, for instance `TOKEN_USED.k4t7m…`.
 */
export function alarmIdOf({ code, device, nodeName }: Pick<NewAlarm, 'code' | 'device' | 'nodeName'>): string {
  const about = [device, nodeName].filter((one) => one !== undefined).map((one) => one.replaceAll(/[^\w.-]/g, '_'));
  return [code, ...about].join('.').slice(0, 253);
}

/** The alarm of an error, new now. */
export function alarmOf({ code, params, device, nodeName, occasion }: NewAlarm, nowMs: number): Alarm {
  const { message, remedy } = new UsherError(code, params);
  return {
    id: alarmIdOf({
      code,
      ...(device === undefined ? {} : { device }),
      ...(nodeName === undefined ? {} : { nodeName }),
    }),
    code,
    message,
    remedy,
    since: toRfc3339(nowMs),
    ...(device === undefined ? {} : { device }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(occasion === undefined ? {} : { occasion }),
  };
}

/** Whether raising `alarm` changes nothing, given the one that is known under its id. */
export function isKnown(known: Alarm | undefined, alarm: Alarm): boolean {
  if (known === undefined) return false;
  return known.acknowledgedAt === undefined || alarm.occasion === undefined || alarm.occasion === known.occasion;
}

/** Alarms that wait for somebody, oldest first. */
export function openAlarms(alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter(({ acknowledgedAt }) => acknowledgedAt === undefined).sort(byAge);
}

/**
 * The ids to forget so that at most `most` are left: acknowledged ones first, oldest first. When none is left, the
 * oldest of the code that has the most, so that a flood of one kind never washes away an alarm of another.
 */
export function surplusOf(alarms: Iterable<Alarm>, most = MOST_ALARMS): string[] {
  const left = [...alarms];
  if (left.length <= most) return [];
  left.sort(byAge);
  const surplus: string[] = [];
  while (left.length > most) {
    const judged = left.findIndex(({ acknowledgedAt }) => acknowledgedAt !== undefined);
    const commonest = judged === -1 ? commonestCode(left) : undefined;
    const index = judged === -1 ? left.findIndex(({ code }) => code === commonest) : judged;
    surplus.push(...left.splice(index, 1).map(({ id }) => id));
  }
  return surplus;
}

function commonestCode(alarms: readonly Alarm[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { code } of alarms) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
}

function byAge(one: Alarm, other: Alarm): number {
  if (one.since === other.since) return one.id < other.id ? -1 : 1;
  return one.since < other.since ? -1 : 1;
}

import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Health } from '../../../join/protocol/health.ts';
import { cardOf, mergedPower, powerOf } from '../core/health.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { listNames, readFact } from './read-file.ts';

/** The name of the driver that watches the voltage, among all sensors. */
const VOLTAGE_SENSOR = 'rpi_volt';
const Remembered = z.object({ undervoltage: z.boolean().optional(), throttled: z.boolean().optional() });

/**
 * How well power supply and card are. The kernel's driver clears the firmware's "has occurred" bits at each of its looks,
 * so what was seen once is remembered until the next boot, in a file on a RAM disk.
 */
export async function readHealth(paths: DevicePaths): Promise<Health> {
  const [power, card] = await Promise.all([orNothing(() => readPower(paths)), orNothing(() => readCard(paths))]);
  return { ...(power === undefined ? {} : { power }), ...(card === undefined ? {} : { card }) };
}

/** Nothing of it is worth a join that fails: drivers answer with all sorts of errors, and a worn card with more. */
async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  return read().catch(() => undefined);
}

async function readPower(paths: DevicePaths): Promise<Health['power']> {
  const now = powerOf({
    throttledHex: await orNothing(() => readFact(paths.throttled)),
    lowVoltageAlarm: await lowVoltageAlarm(paths),
  });
  const before = await remembered(paths.powerSeen);
  const power = mergedPower(before, now);
  if (JSON.stringify(power) !== JSON.stringify(before)) await orNothing(() => remember(paths.powerSeen, power));
  return power;
}

async function readCard(paths: DevicePaths): Promise<Health['card']> {
  return cardOf({
    errorCounts: await factsOf(paths.ext4, 'errors_count'),
    preEndOfLife: await factsOf(paths.blockDevices, 'device/pre_eol_info'),
    lifeTimes: await factsOf(paths.blockDevices, 'device/life_time'),
    mounts: await readFact(paths.mounts),
    room: await roomOn(paths.root),
  });
}

/** The facts of that name of all entries of a folder. */
async function factsOf(folder: string, name: string): Promise<string[]> {
  const facts = await Promise.all(
    (await listNames(folder)).map((entry) => orNothing(() => readFact(`${folder}/${entry}/${name}`))),
  );
  return facts.filter((fact) => fact !== undefined);
}

async function lowVoltageAlarm(paths: DevicePaths): Promise<string | undefined> {
  for (const sensor of await listNames(paths.sensors)) {
    if ((await readFact(`${paths.sensors}/${sensor}/name`)) !== VOLTAGE_SENSOR) continue;
    return orNothing(() => readFact(`${paths.sensors}/${sensor}/in0_lcrit_alarm`));
  }
  return undefined;
}

async function roomOn(path: string): Promise<{ bytes: number; freeBytes: number; inodes: number; freeInodes: number }> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(path);
  return { bytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}

async function remembered(path: string): Promise<Health['power']> {
  const text = await readFact(path);
  if (text === undefined) return undefined;
  try {
    return Remembered.parse(JSON.parse(text));
  } catch (error) {
    // Written half, or by another version: what was seen before is lost, nothing else.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

async function remember(path: string, power: Health['power']): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(power ?? {}));
}

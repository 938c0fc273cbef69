import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CardEntry } from '../bootstrap-image/card.ts';
import { hasErrno, messageOf, UsherError } from '../foundation/errors.ts';
import type { Board } from './core/board.ts';
import { LED_FIXTURES, pathOnDisk, SYSFS_FIXTURES, TTY_FIXTURES } from './core/mount-plan.ts';

/** Writes what a machine needs to know of itself into its disk. The machine id lives as long as the disk does. */
export async function writeIdentity(folder: string, hostname: string, nameserver?: string): Promise<void> {
  const etc = (name: string): string => pathOnDisk(folder, `/etc/${name}`);
  await mkdir(dirname(etc('hostname')), { recursive: true });
  await writeFile(etc('hostname'), `${hostname}\n`);
  await writeFile(etc('hosts'), `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}\n::1\tlocalhost ip6-localhost\n`);
  await rm(etc('resolv.conf'), { force: true });
  await writeFile(etc('resolv.conf'), nameserver === undefined ? '' : `nameserver ${nameserver}\n`);
  // machine-id(5)
  await writeOnce(etc('machine-id'), `${randomBytes(16).toString('hex')}\n`);
}

/** The part of a Raspberry Pi's device tree that software reads; strings end with NUL, numbers are big-endian. */
export async function writeDeviceTree(folder: string, board: Board): Promise<void> {
  const base = join(folder, 'devicetree/base');
  await mkdir(join(base, 'system'), { recursive: true });
  await writeFile(join(base, 'model'), `${board.model}\0`);
  await writeFile(join(base, 'serial-number'), `${board.serial}\0`);
  const revision = Buffer.alloc(4);
  revision.writeUInt32BE(board.revision);
  await writeFile(join(base, 'system/linux,revision'), revision);
}

/**
 * Fixture: what the firmware of a Raspberry Pi says of its power, as hexadecimal bits (0x10001: too little voltage now and
 * before). The machine sees a change at once.
 * @param folder the machine's folder on the host
 */
export async function writePowerFixture(folder: string, bits = 0): Promise<void> {
  const firmware = join(folder, SYSFS_FIXTURES, 'soc/soc:firmware');
  await mkdir(firmware, { recursive: true });
  await writeFile(join(firmware, 'get_throttled'), `${bits.toString(16)}\n`);
}

/** File that shows, as text, how bright a machine's activity LED is; `folder` is the machine's on the host. */
export function ledFile(folder: string, name: 'brightness' | 'trigger' = 'brightness'): string {
  return join(folder, LED_FIXTURES, 'leds/ACT', name);
}

/** Fixture: the activity LED as a boot leaves it, driven by the card. Its files only keep what was written last. */
export async function writeLedFixture(folder: string): Promise<void> {
  await mkdir(dirname(ledFile(folder)), { recursive: true });
  await writeFile(ledFile(folder, 'trigger'), 'mmc0\n');
  await writeFile(ledFile(folder), '0\n');
}

/** Fixture: no serial adapter is plugged in. */
export async function writeTtyFixture(folder: string): Promise<void> {
  await mkdir(join(folder, TTY_FIXTURES), { recursive: true });
}

/** All files that a card carries. */
export type Card = readonly CardEntry[];

/** Folder of a machine that holds a card's files until the first boot, which copies them over the fresh disk. */
export const CARD_FOLDER = 'disk/card';
/** Bound from the host instead of copied, so that a hundred cards do not hold a hundred copies of Node. */
export const NODE_ON_CARD = '/usr/lib/usher/node';

/**
 * Writes a card's files, all but the Node binary, for a machine whose disk is empty.
 * @throws UsherError INTERNAL when a file cannot be written
 */
export async function writeCard(folder: string, entries: Card): Promise<void> {
  for (const { path, mode, source } of entries.filter((entry) => entry.path !== NODE_ON_CARD)) {
    const target = join(folder, CARD_FOLDER, path);
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      if (source.kind === 'symlink') await symlink(source.to, target);
      else if (source.kind === 'file') await copyFile(source.from, target);
      else await writeFile(target, source.text.reveal(), { mode });
      if (source.kind !== 'symlink') await chmod(target, mode);
    } catch (error) {
      throw new UsherError('INTERNAL', { detail: `card: ${messageOf(error)}` }, { cause: error });
    }
  }
}

async function writeOnce(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

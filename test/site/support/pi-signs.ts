import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ledFile } from '../../../lab/disk.ts';
import type { Machine } from '../../../lab/machine.ts';

const LOOK_MS = 20;
const BLINKS_WITHIN_MS = 2000;
/** On and off, twice. */
const CHANGES = 4;

/** What drives the activity LED of a Pi: `mmc0` as ever, `none` while something blinks it. */
export async function ledTrigger(pi: Machine): Promise<string> {
  return (await readFile(ledFile(pi.folder, 'trigger'), 'utf8')).trim();
}

/** Looks at a LED until it went on and off again a few times; gives false when it does not within two seconds. */
export async function blinks(pi: Machine): Promise<boolean> {
  const seen: string[] = [];
  for (const endMs = Date.now() + BLINKS_WITHIN_MS; Date.now() < endMs;) {
    const now = (await readFile(ledFile(pi.folder), 'utf8')).trim();
    if (now !== '' && now !== seen.at(-1)) seen.push(now);
    if (seen.length >= CHANGES) break;
    await delay(LOOK_MS);
  }
  return seen.length >= CHANGES && (await ledTrigger(pi)) === 'none';
}

/** What stands on the screen of a Pi: what was written to the console, and what is above the login prompt. */
export async function screenOf(pi: Machine): Promise<string> {
  const files = ['/run/usher/console', '/etc/issue.d/usher.issue'];
  return (await pi.exec(['cat', ...files])).stdout;
}

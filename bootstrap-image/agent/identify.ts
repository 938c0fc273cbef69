import { stat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { Identify } from '../../join/protocol/messages.ts';
import type { DeviceConsole } from './adapters/console.ts';
import type { Led } from './adapters/led.ts';
import { listNames } from './adapters/read-file.ts';
import { readState } from './adapters/state-file.ts';
import type { DevicePaths } from './core/device-paths.ts';
import { Identification } from './identification.ts';

export interface ShowIdentityOptions {
  readonly paths: DevicePaths;
  readonly deviceId: string;
  readonly led: Led;
  readonly console: DeviceConsole;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * On a joined node: fulfils the wishes in the folder of wishes, one after the other, and removes each when it is over. The
 * kubelet makes a wish when a Job of the appliance asks for it (k8s/core/identify-job.ts); a path unit starts this program.
 * A wish outlives a killed program, but not its own time.
 */
export async function showIdentity(options: ShowIdentityOptions): Promise<void> {
  const { paths, led, clock, deviceId, logger } = options;
  await led.giveBack();
  const { nodeName } = await readState(paths.state, logger);
  const onChange = (): void => {
    const identify = identification.words;
    shown = shown.then(() => options.console.show({ deviceId, step: 'finish', nodeName, identify }));
  };
  let shown = Promise.resolve();
  const identification = new Identification({ led, clock, onChange });
  for (const name of await listNames(paths.identifyWishes)) {
    const path = join(paths.identifyWishes, name);
    const wish = wishOf(name);
    const leftSec = wish === undefined ? 0 : await leftOf(path, wish.seconds, clock);
    if (wish !== undefined && leftSec > 0) {
      identification.show({ ...wish, seconds: leftSec });
      await identification.over();
    }
    await remove(path, logger);
  }
  onChange();
  await shown;
}

/** What the name of a wish asks for; undefined when it is none. */
function wishOf(name: string): Identify | undefined {
  const [words = '', seconds] = name.split('.');
  return Identify.safeParse({ words: words.replace('-', ' '), seconds: Number(seconds) }).data;
}

/** Seconds that are left of a wish since it was made, at most all of them: the clock may have been set meanwhile. */
async function leftOf(path: string, seconds: number, clock: Clock): Promise<number> {
  const { mtimeMs } = await stat(path);
  const goneSec = Math.max(0, (clock.nowMs() - mtimeMs) / 1000);
  return Math.ceil(seconds - goneSec);
}

async function remove(path: string, logger: Logger): Promise<void> {
  try {
    await rm(path, { recursive: true });
  } catch (error) {
    logger.warn({ path, detail: messageOf(error) }, 'a wish to see this board could not be removed');
  }
}

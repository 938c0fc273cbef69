import { mkdir, open, writeFile, access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { consoleLine, consoleText, type ConsoleView, issueText } from '../core/console-text.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { run } from './services.ts';

const AGETTY = '/sbin/agetty';

/** What a person standing before the device sees. */
export interface DeviceConsole {
  show(view: ConsoleView): Promise<void>;
}

/**
 * The screen: a file for programs, agetty's issue (what stands above the login prompt), and one line on the kernel's
 * console whenever the state changes. Nothing of it may stop an enrolment, so failures are only logged.
 */
export class ScreenConsole implements DeviceConsole {
  readonly #paths: DevicePaths;
  readonly #logger: Logger;
  #shownText = '';
  #shownLine = '';

  constructor(paths: DevicePaths, logger: Logger) {
    this.#paths = paths;
    this.#logger = logger;
  }

  async show(view: ConsoleView): Promise<void> {
    const text = consoleText(view);
    if (text === this.#shownText) return;
    this.#shownText = text;
    await this.#attempt('console file', () => writeWithFolder(this.#paths.consoleText, text));
    const line = consoleLine(view);
    if (line === this.#shownLine) return;
    this.#shownLine = line;
    // The code is for whoever stands before the screen, and for no log.
    const { step, state, problem } = view;
    this.#logger.info({ step, state, problem: problem?.code }, consoleLine({ ...view, claimCode: undefined }));
    await this.#attempt('kernel console', () => appendLine(this.#paths.console, line));
    await this.#attempt('issue', async () => {
      await writeWithFolder(this.#paths.issue, issueText(view));
      await access(AGETTY, constants.X_OK);
      await run(AGETTY, ['--reload']);
    });
  }

  async #attempt(what: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#logger.debug({ what, detail: messageOf(error) }, 'nothing is shown there');
    }
  }
}

async function writeWithFolder(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text, { mode: 0o644 });
}

/** Never creates the file, and never waits for a terminal that nobody reads. */
async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    await file.write(`${line}\r\n`);
  } finally {
    await file.close();
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { launchTrusting, type TrustingChromium } from '../../browser/support/trusting-chromium.ts';
import { eventually, startRunningSite, type RunningSite } from '../../site/support/running-site.ts';
import { watchForTroubles } from '../../support/page-troubles.ts';

/** Browsers of people: the narrowest phone that counts, a usual one, and a desk. */
export const SIZES = {
  'small phone': { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desk: { viewport: { width: 1280, height: 800 }, isMobile: false, hasTouch: false },
} as const;
export type Size = keyof typeof SIZES;

/** How long the page may take to show something, on a machine that is busy with a whole site. */
export const SHOW_MS = 20_000;
/** From the power of a board to its evidence, and from its claim to its node. */
export const WAY_MS = 90_000;
const CONSOLE_MS = 20_000;
/** What everybody on the LAN may call the appliance. */
const NAME = 'usher.local';
const PAGE_FOLDER = join(import.meta.dirname, '../../../ui/dist');
const LAB = 'walk';
const AFTERCARE = join(import.meta.dirname, 'aftercare.ts');

/** A whole site of the lab, and people with real browsers in front of its page. */
export class WalkSite {
  readonly running: RunningSite;
  /** File that the camera of every browser films: nothing is seen before it is written. */
  readonly film: string;
  readonly #aftercare: ChildProcess;
  readonly #chromium: TrustingChromium;
  readonly #contexts: BrowserContext[] = [];
  readonly #troubles: string[] = [];

  private constructor(running: RunningSite, film: string, aftercare: ChildProcess, chromium: TrustingChromium) {
    this.running = running;
    this.film = film;
    this.#aftercare = aftercare;
    this.#chromium = chromium;
  }

  /** Brings up router, master and browser. @param uiDir the page as it ships, built for this run */
  static async start(uiDir: string): Promise<WalkSite> {
    const folder = await mkdtemp(join(tmpdir(), 'usher-walk-'));
    const film = join(folder, 'camera.y4m');
    // In a session of its own: Ctrl-C at a terminal, which ends the tests at once, does not reach it.
    const aftercare = spawn(process.execPath, [AFTERCARE, LAB, folder], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    // A folder is laid over it in the master.
    await mkdir(PAGE_FOLDER, { recursive: true });
    const running = await startRunningSite({ labName: LAB, binds: [{ from: uiDir, to: PAGE_FOLDER }] });
    try {
      const { caPem } = JSON.parse(await readFile(running.site.cliFile, 'utf8')) as { caPem: string };
      const flags = [
        `--host-resolver-rules=MAP ${NAME} 127.0.0.1`,
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-video-capture=${film}`,
      ];
      return new WalkSite(running, film, aftercare, await launchTrusting(caPem, flags));
    } catch (error) {
      await running.stop();
      await ended(aftercare);
      throw error;
    }
  }

  async stop(): Promise<void> {
    try {
      await this.#chromium.close();
    } finally {
      await this.running.stop();
      await ended(this.#aftercare);
    }
  }

  /** The port of this machine behind which the page is. */
  get port(): number {
    return Number(new URL(this.running.site.url).port);
  }

  /** Opens the page in a browser of its own, for somebody who is not signed in. @param port another way to the page */
  async open(size: Size, path = '/', port = this.port): Promise<{ page: Page; context: BrowserContext }> {
    const origin = `https://${NAME}:${String(port)}`;
    const context = await this.#chromium.browser.newContext({ ...SIZES[size], locale: 'en-GB' });
    context.setDefaultTimeout(SHOW_MS);
    this.#contexts.push(context);
    const page = await context.newPage();
    await watchForTroubles(page, origin, this.#troubles);
    await context.grantPermissions(['camera'], { origin });
    await page.goto(`${origin}${path}`);
    return { page, context };
  }

  /** Closes all browsers, and gives what their pages did that none must do. */
  async closePages(): Promise<string[]> {
    for (const context of this.#contexts.splice(0)) await context.close();
    return this.#troubles.splice(0);
  }

  /** What stands on the pages that are open: for whoever reads why a walk ended early. */
  async lastWords(): Promise<string> {
    const pages = this.#contexts.flatMap((context) => context.pages());
    const texts = pages.map(async (page) => `— ${page.url()}\n${await page.locator('body').innerText()}`);
    return (await Promise.all(texts)).join('\n');
  }

  /** The code that the appliance printed when it was started for the first time. */
  consoleCode(): Promise<string> {
    const { master } = this.running.site;
    return eventually('the sign-in code on the console', CONSOLE_MS, async () => {
      return /sign-in code\s+(\S+)/.exec(await readFile(master.consolePath, 'utf8'))?.[1];
    });
  }

  /** Puts a Pi with a card of this site into the switch; gives what is printed on the board: its MAC address. */
  async plugIn(name: string): Promise<string> {
    const { lab } = this.running.site;
    const { spec } = await lab.addPi({ name });
    await lab.plug(name);
    return spec.mac;
  }
}

/** Lets the aftercare do its work, which is little when all was taken down before. */
async function ended(aftercare: ChildProcess): Promise<void> {
  const exit = once(aftercare, 'exit');
  aftercare.stdin?.end();
  await exit;
}

/** The card of the board with that MAC address, while it is no node yet. */
export function cardOf(page: Page | Locator, mac: string): Locator {
  return page.locator('[data-card-id]').filter({ hasText: mac });
}

/** The card of a node, in a group of the site. */
export function nodeCard(page: Page, name: string, group = 'Ready'): Locator {
  return page.getByRole('region', { name: group }).getByRole('listitem', { name, exact: true });
}

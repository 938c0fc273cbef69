import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { blinks, ledTrigger, screenOf } from '../../site/support/pi-signs.ts';
import { eventually } from '../../site/support/running-site.ts';
import { becomesReady, fillClaim, waitingCard } from '../support/claiming.ts';
import { openSignedIn } from '../support/people.ts';
import type { WalkSite } from '../support/walk-site.ts';

const [ASKED, OTHER] = ['pi-asked', 'pi-beside'];
const WANTED = { name: 'mill-1', labels: { machine: 'mill' } };
const SHOWN_MS = 10_000;
/** It blinks for 30 s, and is then as it was. */
const OVER_MS = 45_000;

/** Which of these is it: the board that blinks and shows the words of the page. */
export function identifyWalk(at: () => WalkSite): void {
  const pi = (name: string) => at().running.site.lab.machine(name);

  it(
    'a board blinks and shows the words of the page, before its claim and as a node',
    { timeout: 240_000 },
    async () => {
      const page = await openSignedIn(at(), 'phone');
      await waitingCard(page, await at().plugIn(OTHER));
      const card = await waitingCard(page, await at().plugIn(ASKED));
      await isShownOnlyThere(page, card);
      await card.getByRole('button', { name: 'Claim…', exact: true }).click();
      await fillClaim(page, WANTED);
      const node = await becomesReady(at().running, page, WANTED);
      await isShownOnlyThere(page, node);
      await eventually('the LED to be given back', OVER_MS, async () => (await ledTrigger(pi(ASKED))) === 'mmc0');
      await eventually('the words to go', SHOWN_MS, async () => !(await screenOf(pi(ASKED))).includes('>>>'));
    },
  );

  async function isShownOnlyThere(page: Page, card: Locator): Promise<void> {
    await card.getByRole('button', { name: 'Identify' }).click();
    const dialog = page.getByRole('dialog');
    // “Ask again when it is over”, says the page while the agent of the new node has not ended.
    const once = dialog.getByRole('button', { name: 'Once more' });
    await eventually('the page to say the words', SHOWN_MS + OVER_MS, async () => {
      if (await dialog.getByText('IDENTIFY_RUNNING').isVisible()) await once.click();
      return dialog.locator('.big-words').isVisible();
    });
    const words = (await dialog.locator('.big-words').textContent()) ?? '';
    expect(words).toMatch(/^[a-z]+ [a-z]+$/);
    await eventually('the words of the page on its screen', SHOWN_MS, async () =>
      (await screenOf(pi(ASKED))).includes(words.toUpperCase()),
    );
    expect([await blinks(pi(ASKED)), await blinks(pi(OTHER))]).toEqual([true, false]);
    expect(await screenOf(pi(OTHER))).not.toContain('>>>');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await dialog.waitFor({ state: 'detached' });
  }
}

import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { eventually } from '../../site/support/running-site.ts';
import { waitingCard } from '../support/claiming.ts';
import { goTo, openSignedIn } from '../support/people.ts';
import { cardOf, WAY_MS, type WalkSite } from '../support/walk-site.ts';

const MACHINE = 'pi-ignored';

/** What was ignored stays so, whoever pulls its cable, until it is wanted again. */
export function ignoreWalk(at: () => WalkSite): void {
  it('an ignored board stays ignored when it is plugged in again, and waits once it is shown again', async () => {
    const { lab } = at().running.site;
    const page = await openSignedIn(at(), 'phone');
    const mac = await at().plugIn(MACHINE);
    const card = await waitingCard(page, mac);
    await card.getByRole('button', { name: 'Ignore', exact: true }).click();
    await card.waitFor({ state: 'detached' });
    await isAside(page, mac);

    await lab.unplug(MACHINE);
    await lab.kill(MACHINE);
    await lab.plug(MACHINE);
    await eventually('it to be answered again', WAY_MS, async () => {
      // This file is new with each boot.
      return (await lab.machine(MACHINE).readFile('/run/usher/console'))?.includes('held: an operator must look at it');
    });
    await page.reload();
    await isAside(page, mac);
    expect(await card.count()).toBe(0);

    await goTo(page, 'Settings');
    const ignored = page.getByRole('region', { name: 'Ignored devices' });
    await ignored.getByText(mac).waitFor();
    await ignored.getByRole('button', { name: 'Show it again' }).click();
    await page.getByText('None is ignored.').waitFor();
    await goTo(page, 'Site');
    await card.getByRole('button', { name: 'Claim…', exact: true }).waitFor();
  });
}

/** Folded away, with what it is. */
async function isAside(page: Page, mac: string): Promise<Locator> {
  const summary = page.locator('#aside summary');
  await summary.waitFor();
  if ((await page.locator('#aside details').getAttribute('open')) === null) await summary.click();
  const card = cardOf(page.locator('#aside'), mac);
  await card.getByText('Ignored', { exact: true }).waitFor();
  return card;
}

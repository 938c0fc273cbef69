import { expect, it } from 'vitest';
import { fillClaim, becomesReady, joinOnPage, waitingCard } from '../support/claiming.ts';
import { addUser, ANNA, goTo, openSignedIn, signInAs, signInByCode } from '../support/people.ts';
import type { WalkSite } from '../support/walk-site.ts';

const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

/** From the code on the console to a node, by the page alone. */
export function claimWalk(at: () => WalkSite): void {
  it('on a phone: the code of the console, a password, a Pi in the switch, its claim, its node', async () => {
    const site = at();
    const { page } = await site.open('small phone');
    await signInByCode(page, await site.consoleCode());
    await page.getByText('There is no user yet').waitFor();
    await addUser(page, ANNA);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signInAs(page, ANNA);
    await goTo(page, 'Site');
    await page.getByRole('heading', { name: 'Nothing on the network yet' }).waitFor();

    const mac = await site.plugIn('pi-1');
    const card = await waitingCard(page, mac);
    expect(await page.evaluate(OVERFLOW)).toBe(0);
    await card.getByRole('button', { name: 'Claim…', exact: true }).click();
    expect(await page.evaluate(OVERFLOW)).toBe(0);
    const wanted = { name: 'lathe-left', labels: { machine: 'lathe', location: 'left' } };
    await fillClaim(page, wanted);
    await page.getByRole('region', { name: 'On its way' }).getByRole('listitem', { name: 'lathe-left' }).waitFor();
    await becomesReady(site.running, page, wanted);
    expect(await page.evaluate(OVERFLOW)).toBe(0);
    expect(await page.getByText('There is no user yet').count()).toBe(0);
  });

  it('on a desk: name and password, a Pi in the switch, its claim, its node', async () => {
    const page = await openSignedIn(at(), 'desk');
    await joinOnPage(at(), page, 'pi-2', { name: 'press-1', labels: { machine: 'press' } });
  });
}

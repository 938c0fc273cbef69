import { expect, it } from 'vitest';
import { deviceOf } from '../../site/support/running-site.ts';
import { becomesReady, joinOnPage, ownerOf, waitingCard } from '../support/claiming.ts';
import { openSignedIn } from '../support/people.ts';
import { nodeCard, WAY_MS, type WalkSite } from '../support/walk-site.ts';

const WANTED = { name: 'saw-1', labels: { machine: 'saw', location: 'left' } };

/** A board is dead; another one stands in its place, under its name. */
export function replaceWalk(at: () => WalkSite): void {
  it('a dead board: the page says so, shows both side by side, and the spare one is the node', async () => {
    const { running } = at();
    const { name, labels } = WANTED;
    const page = await openSignedIn(at(), 'desk');
    await joinOnPage(at(), page, 'pi-old', WANTED);
    const old = await deviceOf(running, 'pi-old');
    await running.site.lab.kill('pi-old');
    await waitingCard(page, await at().plugIn('pi-spare'));
    const spare = await deviceOf(running, 'pi-spare');
    const dead = nodeCard(page, name, 'Needs attention');
    await dead.getByText('Not ready', { exact: true }).waitFor({ timeout: WAY_MS });

    await dead.getByRole('button', { name: 'Replace by another board…' }).click();
    const dialog = page.getByRole('dialog', { name: `Give ${name}’s place to another board?` });
    await dialog
      .getByRole('radio')
      .and(page.locator(`[value="${spare.id}"]`))
      .check();
    const serials = dialog.getByRole('row', { name: /^Serial/ }).getByRole('cell');
    expect(await serials.allTextContents()).toEqual([old.serial, spare.serial]);
    await dialog.getByText(`Newcomer ${spare.shortId} joins as node ${name}`).waitFor();
    await dialog.getByRole('button', { name: 'Take its place' }).click();
    await dialog.waitFor({ state: 'detached' });

    const card = await becomesReady(running, page, { name, labels });
    expect(await card.getAttribute('data-card-id')).toBe(spare.id);
    expect(await ownerOf(running, name)).toBe(spare.id);
    const aside = page.locator(`#aside [data-card-id="${old.id}"]`);
    await page.locator('#aside summary').click();
    await aside.getByText('Replaced', { exact: true }).waitFor();
    await aside.getByText('Replaced by another device: stays so until an operator retries it.').waitFor();
  });
}

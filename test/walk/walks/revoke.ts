import { expect, it } from 'vitest';
import { NODE } from '../../../k8s/core/resources.ts';
import { deviceOf, eventually } from '../../site/support/running-site.ts';
import { checkIn, hasStopped, runPod } from '../../site/support/second-life.ts';
import { joinOnPage } from '../support/claiming.ts';
import { openSignedIn } from '../support/people.ts';
import { nodeCard, WAY_MS, type WalkSite } from '../support/walk-site.ts';

const MACHINE = 'pi-stolen';
const WANTED = { name: 'drill-1', labels: { machine: 'drill' } };

/** A board was stolen: what stops is said before, and it stops. */
export function revokeWalk(at: () => WalkSite): void {
  it('a board is revoked: what will stop is said before; its node goes, and it is told to stop', async () => {
    const { running } = at();
    const { name, labels } = WANTED;
    const page = await openSignedIn(at(), 'phone');
    await joinOnPage(at(), page, MACHINE, WANTED);
    const { id } = await deviceOf(running, MACHINE);
    const { pod, secret } = await runPod(running, 'spindle-reader', labels);
    await nodeCard(page, name).getByRole('button', { name: 'Revoke…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: `Node ${name} is drained and deleted` }).waitFor();
    const stops = await dialog.getByRole('listitem').allTextContents();
    expect(stops).toContain(`${pod} stops`);
    expect(stops).toContain(secret);
    await dialog.getByRole('textbox').fill(name);
    await dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page
      .getByRole('dialog', { name: `${name} is revoked` })
      .getByRole('button', { name: 'Done' })
      .click();

    await page.locator(`#aside [data-card-id="${id}"]`).waitFor({ state: 'attached' });
    const isGone = async (): Promise<boolean> => (await running.kube.get(NODE, { name })) === undefined;
    await eventually('its node to be gone', WAY_MS, isGone);
    await checkIn(running, MACHINE);
    await hasStopped(running, MACHINE);
  });
}

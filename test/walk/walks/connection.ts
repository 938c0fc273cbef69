import { expect, it } from 'vitest';
import { CuttableLink } from '../../browser/support/cuttable-link.ts';
import { deviceOf, eventually, isNodeReady } from '../../site/support/running-site.ts';
import { waitingCard } from '../support/claiming.ts';
import { openSignedIn } from '../support/people.ts';
import { nodeCard, SHOW_MS, WAY_MS, type WalkSite } from '../support/walk-site.ts';

const [FIRST, SECOND] = ['pi-before', 'pi-meanwhile'];
const NAME = 'pump-1';

/** The Wi-Fi of the hall: what is old is shown as old, and nothing was missed afterwards. */
export function connectionWalk(at: () => WalkSite): void {
  it('the cable between browser and appliance is cut: that is said, and the page goes on by itself', async () => {
    const { client } = at().running;
    const cable = await CuttableLink.to(at().port);
    try {
      const page = await openSignedIn(at(), 'phone', '/', Number(new URL(cable.origin).port));
      const waits = await waitingCard(page, await at().plugIn(FIRST));
      const banner = page.getByRole('alert').filter({ hasText: 'The connection to the appliance is lost.' });
      expect(await page.locator('main.stale').count()).toBe(0);
      cable.cut();
      await banner.waitFor();
      expect(await banner.textContent()).toMatch(/What you see is from .* and may be out of date/);
      await page.locator('main.stale').waitFor();

      // Somebody else goes on: what was waiting becomes a node, and another board comes.
      await client.createClaim({ name: NAME, device: (await deviceOf(at().running, FIRST)).id, labels: { a: 'b' } });
      await at().plugIn(SECOND);
      const newcomer = await deviceOf(at().running, SECOND);
      const isThere = async (): Promise<boolean> => (await client.device(newcomer.id)).claimable;
      await eventually('the other board', WAY_MS, isThere);
      await eventually('the node', WAY_MS, () => isNodeReady(at().running, NAME));
      await eventually('its device', WAY_MS, async () => (await client.claim(NAME)).phase === 'Joined');
      expect(await waits.isVisible()).toBe(true);
      expect(await page.locator(`[data-card-id="${newcomer.id}"]`).count()).toBe(0);
      expect(await banner.isVisible()).toBe(true);

      cable.mend();
      await banner.waitFor({ state: 'detached', timeout: SHOW_MS * 2 });
      await page.locator('main.stale').waitFor({ state: 'detached' });
      await page.locator(`#claim [data-card-id="${newcomer.id}"]`).waitFor();
      await nodeCard(page, NAME).getByText('a=b').waitFor();
      await waits.waitFor({ state: 'detached' });
    } finally {
      cable.close();
    }
  });
}

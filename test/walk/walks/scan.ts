import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEVICE } from '../../../k8s/core/resources.ts';
import { plugGenericPi, scanScreen, SCREEN } from '../../site/support/generic-pi.ts';
import { deviceOf } from '../../site/support/running-site.ts';
import { filmOf } from '../../support/film.ts';
import { sightOfScreen } from '../../support/qr-picture.ts';
import { becomesReady, fillClaim } from '../support/claiming.ts';
import { goTo, openSignedIn } from '../support/people.ts';
import { WAY_MS, type WalkSite } from '../support/walk-site.ts';

const WANTED = { name: 'oven-1', labels: { machine: 'oven' } };

/** A board that belongs to no site, a phone in front of its screen, and nothing typed but a name. */
export function scanWalk(at: () => WalkSite): void {
  it('the QR code on the screen of a Pi, seen by the camera of a phone, becomes a node', async () => {
    const { running, film } = at();
    const page = await openSignedIn(at(), 'phone');
    await plugGenericPi(running, 'pi-generic');
    await scanScreen(running, 'pi-generic');
    const { id, shortId } = await deviceOf(running, 'pi-generic');
    await writeFile(film, filmOf(sightOfScreen((await running.site.lab.machine('pi-generic').readFile(SCREEN)) ?? '')));

    await goTo(page, 'Scan');
    await page.getByRole('button', { name: 'Use the camera' }).click();
    await page.getByRole('heading', { name: 'Is this the device?' }).waitFor();
    // The same six characters are on the screen of the board.
    expect(await page.locator('.big-words').textContent()).toBe(shortId.toUpperCase());
    expect(await page.locator('video').count()).toBe(0);
    // Nothing is approved by looking at it.
    expect(await running.kube.get(DEVICE, { name: id })).toBeUndefined();
    await page.getByRole('button', { name: 'Use this code' }).click();
    await page.getByText('The board has proved its code.').waitFor({ timeout: WAY_MS });
    await page.getByRole('button', { name: 'Claim this device…' }).click();
    await fillClaim(page, WANTED);
    await goTo(page, 'Site');
    await becomesReady(running, page, WANTED);
    expect((await running.kube.get(DEVICE, { name: id }))?.spec.evidence.kind).toBe('ClaimCode');
  });
}

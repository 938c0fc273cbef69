import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../../k8s/core/resources.ts';
import { deviceOf } from '../../site/support/running-site.ts';
import { addVirtualAuthenticator } from '../../support/virtual-authenticator.ts';
import { becomesReady, fillClaim, waitingCard } from '../support/claiming.ts';
import { addUser, ANNA, CARL, goTo, makeAdmin, openSignedIn, signInAs, VERA } from '../support/people.ts';
import { nodeCard, type WalkSite } from '../support/walk-site.ts';

const CHANGING = /claim|new card|identify|reject|ignore|revoke|replace|labels|retry/i;
const WANTED = { name: 'crane-1', labels: { machine: 'crane' } };

/** Who may do what, and how they get in. */
export function peopleWalk(at: () => WalkSite): void {
  it('a viewer sees no button and is refused, a claimer claims and may not revoke', async () => {
    const { running } = at();
    const admins = await openSignedIn(at(), 'desk');
    for (const person of [CARL, VERA]) await addUser(admins, person);
    const mac = await at().plugIn('pi-roles');
    await goTo(admins, 'Site');
    await (await waitingCard(admins, mac)).getByRole('button', { name: 'Claim…', exact: true }).waitFor();

    const { page: viewers } = await at().open('phone');
    await signInAs(viewers, VERA);
    await waitingCard(viewers, mac);
    const buttons = await viewers.getByRole('button').allTextContents();
    expect(buttons.filter((name) => CHANGING.test(name))).toEqual([]);
    const parts = viewers.getByRole('navigation', { name: 'Parts of the page' }).getByRole('link');
    expect(await parts.allTextContents()).toEqual(['Site', 'Services', 'Rules', 'People', 'Settings']);
    const { id, shortId } = await deviceOf(running, 'pi-roles');
    expect(await refusals(viewers, id)).toEqual(Array.from({ length: 5 }, () => '403 ROLE_NEEDED'));
    expect(await running.kube.get(DEVICE_CLAIM, { name: 'by-a-viewer' })).toBeUndefined();

    const { page: claimers } = await at().open('desk');
    await signInAs(claimers, CARL);
    await (await waitingCard(claimers, mac)).getByRole('button', { name: 'Claim…', exact: true }).click();
    await fillClaim(claimers, WANTED);
    const card = await becomesReady(running, claimers, WANTED);
    expect(await card.getByRole('button', { name: 'Unclaim…' }).count()).toBe(1);
    expect(await card.getByRole('button', { name: 'Revoke…' }).count()).toBe(0);
    expect(await changeAs(claimers, 'POST', `devices/${id}/decision`, { decision: 'Revoked' })).toBe('403 ROLE_NEEDED');
    // Who has the role for it has the button, on the page that was open all the time.
    expect(await nodeCard(admins, WANTED.name).getByRole('button', { name: 'Revoke…' }).count()).toBe(1);
    expect(await nodeCard(viewers, WANTED.name).getByRole('button', { name: 'Unclaim…' }).count()).toBe(0);
    await goTo(admins, 'Audit');
    const entries = admins.getByRole('row').filter({ hasText: 'createClaim' });
    await entries.filter({ hasText: 'carl' }).filter({ hasText: shortId }).first().waitFor();
    await entries.filter({ hasText: 'vera' }).filter({ hasText: 'ROLE_NEEDED' }).first().waitFor();
  });

  it('a passkey made on the page signs in without a password', async () => {
    await makeAdmin(at());
    const { page, context } = await at().open('phone');
    await addVirtualAuthenticator(context, page);
    await signInAs(page, ANNA);
    await goTo(page, 'People');
    await page.getByText('You have none yet.').waitFor();
    await page.locator('#passkey-name').fill('my phone');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('button', { name: 'Remove my phone' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'With a passkey' }).click();
    await page.getByText('anna · Admin').waitFor();
    await goTo(page, 'Site');
    await page.getByRole('heading', { level: 1 }).waitFor();
  });
}

/** What the appliance answers when the page of a viewer asks for what it has no buttons for. */
async function refusals(page: Page, device: string): Promise<string[]> {
  return [
    await changeAs(page, 'POST', 'claims', { name: 'by-a-viewer', device, labels: {} }),
    await changeAs(page, 'POST', `devices/${device}/decision`, { decision: 'Ignored' }),
    await changeAs(page, 'POST', `devices/${device}/identify`, { seconds: 5 }),
    await changeAs(page, 'POST', 'enrol-tokens', { kind: 'card' }),
    await changeAs(page, 'POST', 'users', { name: 'eve', password: 'a password of twelve', role: 'admin' }),
  ];
}

/** Sends a change with the session of a page, as a program in it would: its cookie and its CSRF token. */
function changeAs(page: Page, method: string, path: string, body: unknown): Promise<string> {
  return page.evaluate(
    async ([how, what, text]) => {
      const session = (await (await fetch('/api/v1/session')).json()) as { csrfToken: string };
      const headers = { 'content-type': 'application/json', 'x-usher-csrf': session.csrfToken };
      const reply = await fetch(`/api/v1/${what}`, { method: how, headers, body: text });
      const { error } = (await reply.json()) as { error?: { code: string } };
      return `${String(reply.status)} ${error?.code ?? 'done'}`;
    },
    [method, path, JSON.stringify(body)] as const,
  );
}

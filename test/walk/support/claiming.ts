import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { NODE } from '../../../k8s/core/resources.ts';
import { isNodeReady, labelsOf, type RunningSite } from '../../site/support/running-site.ts';
import { cardOf, nodeCard, WAY_MS, type WalkSite } from './walk-site.ts';

export interface Wanted {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Waits for the card of a board that has shown its evidence; it waits for its claim. */
export async function waitingCard(page: Page, mac: string): Promise<Locator> {
  const card = cardOf(page.getByRole('region', { name: 'Waiting for your claim' }), mac);
  await card.waitFor({ timeout: WAY_MS });
  return card;
}

/** Fills in the dialog that is open, and claims. */
export async function fillClaim(page: Page, { name, labels }: Wanted): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the node').fill(name);
  for (const [index, [key, value]] of Object.entries(labels).entries()) {
    const at = String(index + 1);
    if (index > 0) await dialog.getByRole('button', { name: 'Add a label' }).click();
    await dialog.getByLabel(`Key of label ${at}`).fill(key);
    await dialog.getByLabel(`Value of label ${at}`).fill(value);
  }
  await dialog.getByRole('button', { name: 'Claim', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Waits until the page says that the board is ready, and looks whether the cluster has it so. */
export async function becomesReady(running: RunningSite, page: Page, { name, labels }: Wanted): Promise<Locator> {
  const card = nodeCard(page, name);
  await card.getByText('Ready', { exact: true }).waitFor({ timeout: WAY_MS });
  for (const [key, value] of Object.entries(labels)) await card.getByText(`${key}=${value}`).waitFor();
  expect(await isNodeReady(running, name)).toBe(true);
  expect(await labelsOf(running, name)).toEqual(labels);
  return card;
}

/** Plugs a board in and claims it on the page, until it is ready; gives its MAC address. */
export async function joinOnPage(site: WalkSite, page: Page, machine: string, wanted: Wanted): Promise<string> {
  const mac = await site.plugIn(machine);
  await (await waitingCard(page, mac)).getByRole('button', { name: 'Claim…', exact: true }).click();
  await fillClaim(page, wanted);
  await becomesReady(site.running, page, wanted);
  return mac;
}

/** The device that a node says it is. */
export async function ownerOf({ kube }: RunningSite, nodeName: string): Promise<string | undefined> {
  return (await kube.get(NODE, { name: nodeName }))?.metadata.annotations?.['usher.internal/device'];
}

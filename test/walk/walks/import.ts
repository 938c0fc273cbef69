import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { CardFile } from '../../../join/protocol/messages.ts';
import { Crowd } from '../../../lab/hollow/crowd.ts';
import { hollowBoard } from '../../../lab/hollow/hollow-board.ts';
import { eventually, isNodeReady, labelsOf, type RunningSite } from '../../site/support/running-site.ts';
import { openSignedIn } from '../support/people.ts';
import { goTo } from '../support/people.ts';
import { WAY_MS, type WalkSite } from '../support/walk-site.ts';

const ROWS = 100;
/** One Pi that is whole, with its agent and its kubelet, and nine hollow ones. */
const WHOLE = { row: 7, machine: 'pi-listed' };
const PLUGGED = [2, 3, 4, 5, 6, WHOLE.row, 50, 51, 99, 100];
/** What is wrong with three of the rows: row of the list, counted without its heading, and what the preview says. */
const BAD: readonly [row: number, label: string, told: RegExp][] = [
  [1, 'zone', /key=value/],
  [52, 'kubernetes.io/zone=a', /claimed/],
  [98, 'zone=hall 3', /zone=hall 3/],
];

const nameOf = (row: number): string => hollowBoard(row).name;
const labelsIn = (row: number): Record<string, string> => ({ plant: 'greenhouse', zone: `z${String(row % 4)}` });

/** The list of an integrator: looked at, imported, and then nobody is there when its boards are plugged in. */
export function importWalk(at: () => WalkSite): void {
  it('a list of a hundred boards: three rows are wrong and say why, ten boards come and are ready', async () => {
    const { running } = at();
    const whole = await running.site.lab.addPi({ name: WHOLE.machine });
    const crowd = await Crowd.start(running.site.lab);
    try {
      const page = await openSignedIn(at(), 'desk');
      await goTo(page, 'Import');
      const buffer = Buffer.from(listOf(whole.spec.board?.serial ?? ''));
      await page.locator('#import-file').setInputFiles({ name: 'boards.csv', mimeType: 'text/csv', buffer });
      await page.getByRole('button', { name: 'Preview' }).click();
      await isPreviewed(page);
      await page.getByRole('button', { name: `Import the ${String(ROWS - BAD.length)} good rows` }).click();
      await page.getByText(`${String(ROWS - BAD.length)} claims were made.`).waitFor();
      await page.getByText('3 rows with a problem are left out.').waitFor();

      crowd.switchOn({ cards: await cardsFor(running), spreadMs: 2_000 });
      await running.site.lab.plug(WHOLE.machine);
      await goTo(page, 'Site');
      await areShownReady(page);
      expect(await Promise.all(PLUGGED.map((row) => isNodeReady(running, nameOf(row))))).not.toContain(false);
      expect(await Promise.all(PLUGGED.map((row) => labelsOf(running, nameOf(row))))).toEqual(PLUGGED.map(labelsIn));
      const whole7 = (await running.client.devices()).find(({ claim }) => claim === nameOf(WHOLE.row));
      expect(whole7?.macs).toContain(whole.spec.mac);
    } finally {
      await crowd.close();
    }
  });
}

/** The file, as a spreadsheet saves it. */
function listOf(serialOfWhole: string): string {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const row = index + 1;
    const labels = Object.entries(labelsIn(row)).map(([key, value]) => `${key}=${value}`);
    const serial = row === WHOLE.row ? serialOfWhole : hollowBoard(row).serial;
    return [nameOf(row), serial, BAD.find(([at]) => at === row)?.[1] ?? labels.join(';')].join(',');
  });
  return ['name,serial,labels', ...rows, ''].join('\r\n');
}

async function isPreviewed(page: Page): Promise<void> {
  await page.getByText(`${String(ROWS - BAD.length)} new`).waitFor();
  await page.getByText(`${String(BAD.length)} invalid`).waitFor();
  await page.getByLabel(/rows with a problem/).check();
  const lines = page.getByRole('region', { name: 'What changes' }).locator('tbody tr');
  const texts = await lines.allTextContents();
  expect(texts).toHaveLength(BAD.length);
  for (const [index, [row, , told]] of BAD.entries()) {
    expect(texts[index]).toMatch(told);
    // The heading is line 1.
    expect(await lines.nth(index).locator('td').first().textContent()).toMatch(new RegExp(`^${String(row + 1)}(:|$)`));
  }
}

async function cardsFor({ client }: RunningSite): Promise<Map<number, CardFile>> {
  const cards = new Map<number, CardFile>();
  for (const row of PLUGGED.filter((each) => each !== WHOLE.row)) {
    cards.set(row, (await client.createToken({ kind: 'card', note: nameOf(row) })).card as CardFile);
  }
  return cards;
}

/** In the list, found by the label that all of them have: ten are ready, the others wait for their boards. */
async function areShownReady(page: Page): Promise<void> {
  await page.getByRole('searchbox').fill('plant=greenhouse');
  await page
    .getByRole('group', { name: 'Groups of devices' })
    .getByRole('button', { name: /Ready$/ })
    .click({ timeout: WAY_MS });
  const rows = page.locator('tbody tr[data-row-id]');
  await eventually('ten rows that are ready', WAY_MS, async () => (await rows.count()) === PLUGGED.length);
  const texts = (await rows.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' '));
  for (const row of PLUGGED) {
    const text = texts.find((each) => each.includes(`${nameOf(row)} `)) ?? '';
    expect(text).toContain('Ready');
    for (const [key, value] of Object.entries(labelsIn(row))) expect(text).toContain(`${key}=${value}`);
  }
}

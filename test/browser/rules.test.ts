import { expect, it } from 'vitest';
import { JoinSite, Pi, settle } from '../unit/join/join-site.ts';
import { siteOpener } from './support/open-site.ts';

const open = siteOpener();

it('tries a rule out, makes it, switches it on and off, and removes it', async () => {
  const join = await JoinSite.create();
  const { page } = await open({
    parts: { approvalRules: join.rules },
    path: '/rules',
    prepare: async ({ tokens }) => {
      const { view } = await tokens.create({ kind: 'batch', uses: 9, note: 'greenhouse' });
      const pi = new Pi(join, 's1', { kind: 'BatchToken', tokenId: view.tokenId });
      await pi.hello();
      await settle();
    },
  });
  await page.getByText('There are none yet.').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('greenhouse');
  await page.getByLabel('Names of the nodes').fill('gh-{n:2}');
  await page.getByLabel('Labels', { exact: true }).fill('zone=a, rack=r{n}');
  await page.keyboard.press('Enter');
  const planned = page.getByRole('region', { name: 'What it would do now: greenhouse' });
  await planned.getByText('gh-01').waitFor();
  await planned.getByText('rack=r1').waitFor();
  expect(join.rules.list()).toEqual([]);

  await page.getByRole('button', { name: 'Make the rule (off)' }).click();
  await page.getByRole('button', { name: 'Switch greenhouse on' }).click();
  await page.getByRole('button', { name: 'Switch greenhouse off' }).waitFor();
  await settle();
  expect((await join.claimNamed('gh-01'))?.spec.labels).toEqual({ zone: 'a', rack: 'r1' });
  await page.getByRole('button', { name: 'Switch greenhouse off' }).click();
  await page.getByRole('button', { name: 'Switch greenhouse on' }).waitFor();
  await page.getByRole('button', { name: 'Remove greenhouse' }).click();
  await page.getByRole('button', { name: /Remove greenhouse: Sure/ }).click();
  await page.getByText('There are none yet.').waitFor();
});

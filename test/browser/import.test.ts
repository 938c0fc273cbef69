import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { siteOpener } from './support/open-site.ts';
import { putClaim } from './support/sample-site.ts';

const open = siteOpener();
const BAD = [20, 50, 90];
const rows = Array.from({ length: 100 }, (_, n) => {
  const name = BAD.includes(n) ? `Not A Name ${String(n)}` : `lathe-${String(n)}`;
  return `${name},10000000${n.toString(16).padStart(8, '0')},machine=lathe`;
});
const FILE = ['name,serial,labels', ...rows, ''].join('\n');

it('shows three bad rows of a hundred, imports the good ones, and finds nothing to do the second time', async () => {
  const { page, api } = await open({ path: '/import' });
  await page.getByLabel('Or paste it here').fill(FILE);
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('97 new').waitFor();
  await page.getByText('3 invalid').waitFor();
  await page.getByLabel(/rows with a problem/).check();
  expect(await page.locator('tbody tr').count()).toBe(3);

  // Somebody else claims one of the boards meanwhile: the preview is not what is imported.
  await putClaim(api, 'lathe-7', { match: { serial: '1000000000000007' }, labels: { machine: 'mill' } });
  await page.getByRole('button', { name: 'Import the 97 good rows' }).click();
  await page.getByRole('alert').getByText('MANIFEST_OUTDATED').waitFor();
  await page.getByRole('alert').getByRole('button', { name: 'Preview again' }).click();
  await page.getByText('1 changed').waitFor();
  await page.getByRole('button', { name: 'Import the 97 good rows' }).click();
  await page.getByText('96 claims were made.').waitFor();
  await page.getByText('One claim was changed.').waitFor();
  await page.getByText('3 rows with a problem are left out.').waitFor();
  expect((await api.kube.get(DEVICE_CLAIM, { name: 'lathe-7' }))?.spec.labels).toEqual({ machine: 'lathe' });

  await page.getByRole('button', { name: 'Import another list' }).click();
  const good = FILE.split('\n').filter((line) => !line.startsWith('Not'));
  await page.getByLabel('Or paste it here').fill(good.join('\n'));
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('Everything in it is there already.').waitFor();
  await page.getByText('97 unchanged').waitFor();
});

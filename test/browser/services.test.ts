import { expect, it } from 'vitest';
import { systemClock } from '../../foundation/clock.ts';
import { LEASE, TAKEOVER_BY_ANNOTATION, YIELD_TO_ANNOTATION } from '../../k8s/core/sensor-service/lease.ts';
import type { ApiFixture } from '../support/api-fixture.ts';
import { putLeases, SampleServices } from '../support/sample-services.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, putEveryStage } from './support/sample-site.ts';

const open = siteOpener();
/** After this much a sign-in is not fresh any more. */
const LATER_MS = 11 * 60_000;
const PHONE = { width: 360, height: 740, colorScheme: 'dark' } as const;

const OUTSIDE =
  'node press-1 has labels of some claims of pair left, but not of all, so that it is in no unit: make their labels alike, or its own others';

const noteOf = async ({ kube }: ApiFixture, name: string, key: string): Promise<string | undefined> =>
  (await kube.get(LEASE, { name, namespace: 'hall' }))?.metadata.annotations?.[key];

it('lists where services run and why not, and hands one over by the keyboard alone', async () => {
  const services = new SampleServices();
  const { page, api } = await open({
    ...PHONE,
    parts: { services },
    path: '/services',
    prepare: ({ kube }) => putLeases(kube),
  });
  await page.getByText('no node has machine=oven: give a claim these labels').waitFor();
  await page.getByText('unit right has no standby: node pi-d has no /dev/ttyUSB0: plug it in').waitFor();
  await page.getByRole('link', { name: 'hall/vibration' }).click();
  const left = page.getByRole('region', { name: 'Unit left' });
  await left.getByText('Active for').waitFor();
  // The standby that lacks its device cannot take it.
  expect(await page.getByRole('button', { name: /^Hand over to/ }).allTextContents()).toEqual(['Hand over to pi-b…']);
  await left.getByRole('button', { name: 'Hand over to pi-b…' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Hand unit left over to pi-b?' });
  await dialog.getByText('pi-a is asked to stop').waitFor();
  expect(await noteOf(api, 'vibration.left', YIELD_TO_ANNOTATION)).toBeUndefined();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await left.getByText('comes before').count()).toBe(0);
  await left.getByText('pi-b was asked to take it.').waitFor();
  expect(await noteOf(api, 'vibration.left', YIELD_TO_ANNOTATION)).toBe('pi-b');
  services.handLeftOver();
  await left.getByText('pi-a handed over to pi-b').waitFor();
  await left.getByText('pi-a is ready and comes before pi-b in this unit.').waitFor();
  await left.getByRole('button', { name: 'Hand over to pi-a…' }).click();
  await page.getByRole('button', { name: 'Hand over', exact: true }).click();
  await left.getByText('pi-a was asked to take it.').waitFor();
  expect(await left.getByText('comes before').count()).toBe(0);
});

it('lets nobody take over from a silent holder without vouching that it is off, and signing in again', async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const { page, api } = await open({
    ...PHONE,
    parts: { services: new SampleServices(), clock },
    path: '/services/hall/valve',
    prepare: ({ kube }) => putLeases(kube),
  });
  await page.getByText('Nobody takes over until an admin says').waitFor();
  await page.getByRole('button', { name: 'Take over…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Take unit right of hall/valve over?' });
  await dialog.getByText('pi-c and pi-d will drive at once').waitFor();
  await dialog.getByRole('button', { name: 'It is off: take over' }).click();
  await dialog.getByText('Nobody takes over without this.').waitFor();
  await dialog.getByLabel(/^I have made sure that pi-c/).check();
  aheadMs = LATER_MS;
  await dialog.getByRole('button', { name: 'It is off: take over' }).click();
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  await again.getByLabel('Sign-in code').fill(api.server.newSignInCode().code.reveal());
  expect(await noteOf(api, 'valve.right', TAKEOVER_BY_ANNOTATION)).toBeUndefined();
  await page.keyboard.press('Enter');
  await page.getByText('pi-d was asked to take it.').waitFor();
  expect(await noteOf(api, 'valve.right', TAKEOVER_BY_ANNOTATION)).toBe('pi-d@7');
});

it('shows on the page of a node what is on it, and speaks German', async () => {
  const services = new SampleServices();
  const { page } = await open({
    parts: { services },
    prepare: async (api) => {
      await putEveryStage(api);
      const [, , vibration] = services.services;
      const why = 'node press-1 has no /dev/ttyUSB0: plug it in';
      const instances = [{ node: 'press-1', unit: 'left', state: 'NotRunning', why } as const];
      const units = vibration?.units.slice(0, 1).map((unit) => ({ ...unit, instances })) ?? [];
      const outside = [{ node: 'press-1', why: OUTSIDE }];
      services.services =
        vibration === undefined
          ? []
          : [
              { ...vibration, units },
              { ...vibration, name: 'noise', units: [], outside },
            ];
    },
    path: `/device/${idOf(12)}`,
  });
  const panel = page.getByRole('region', { name: 'Sensor services' });
  await panel.getByText('node press-1 has no /dev/ttyUSB0: plug it in').waitFor();
  await panel.getByText(`hall/noise Not running (in no unit): ${OUTSIDE}`).waitFor();
  await panel.getByRole('link', { name: 'hall/vibration' }).click();
  await page.getByRole('region', { name: 'Unit left' }).waitFor();
  await page.evaluate(() => {
    localStorage.setItem('usher.language', 'de');
  });
  await page.reload();
  const unit = page.getByRole('region', { name: 'Einheit left' });
  await unit.getByText('Dem Node press-1 fehlt /dev/ttyUSB0: Stecken Sie das Gerät an').waitFor();
});

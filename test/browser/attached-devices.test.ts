import { expect, it } from 'vitest';
import { DEVICE_CLAIM } from '../../k8s/core/resources.ts';
import { SampleServices } from '../support/sample-services.ts';
import { siteOpener } from './support/open-site.ts';
import { idOf, macOf, putClaimed, putDevice } from './support/sample-site.ts';

const open = siteOpener();

const hardware = (n: number, serial: string) => ({
  ...{ macs: [macOf(n)], devices: ['/dev/i2c-1', '/dev/ttyUSB0'] },
  usb: [{ path: '/dev/ttyUSB0', vendor: '0403', product: '6001', serial, name: 'FTDI FT232R' }],
});

it('shows what is plugged into a board, and suggests labels because of it when it is claimed', async () => {
  const { page, api } = await open({
    path: `/device/${idOf(3)}`,
    parts: { services: new SampleServices() },
    prepare: async (api) => {
      await putDevice(api, 3, 'Pending', { status: { hardware: hardware(3, 'A1') } });
      const labels = { line: 'b', bay: 'press-1' };
      await putClaimed(api, 12, 'press-1', 'Ready', { labels, status: { hardware: hardware(12, 'B2') } });
    },
  });
  const facts = page.getByRole('region', { name: 'Hardware' });
  await facts.getByText('Serial adapter FTDI FT232R 0403:6001 · /dev/ttyUSB0').waitFor();
  await facts.getByText('I²C bus · /dev/i2c-1').waitFor();
  await page.getByRole('button', { name: 'Claim…', exact: true }).click();
  const suggested = page.getByRole('list', { name: 'Labels because of what is plugged in' });
  await suggested.getByText('Serial adapter 0403:6001: service hall/vibration wants it').waitFor();
  await suggested.getByRole('button', { name: 'machine=lathe' }).click();
  await page.getByLabel('Name of the node').fill('press-2');
  await suggested.getByText('Serial adapter 0403:6001: as on the others that have one').waitFor();
  await suggested.getByRole('button', { name: 'line=b, bay=press-2' }).click();
  await suggested.waitFor({ state: 'detached' });
  await page.getByRole('dialog').getByRole('button', { name: 'Claim', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const claim = await api.kube.get(DEVICE_CLAIM, { name: 'press-2' });
  expect(claim?.spec.labels).toEqual({ machine: 'lathe', line: 'b', bay: 'press-2' });
});

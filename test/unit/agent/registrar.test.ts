import { machine } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnrolSite } from '../../support/enrol-site.ts';
import { DeviceFolder } from './device-folder.ts';

// The agent and the real device API, with a fake desk behind it: both sides read the protocol alike.
let site: EnrolSite;
const devices: DeviceFolder[] = [];

beforeEach(async () => {
  site = await EnrolSite.start();
  await site.artifacts.register({ kind: 'k3s', path: await site.file('k3s', 'the k3s binary'), arch: machine() });
});
afterEach(async () => {
  await site.close();
  for (const device of devices.splice(0)) await device.remove();
});

async function newDevice(token: string | null): Promise<{ device: DeviceFolder; id: string }> {
  const device = await DeviceFolder.make();
  devices.push(device);
  await device.writeCard({ url: `https://127.0.0.1:${site.server.port}`, caPem: site.authority.caPem }, token);
  return { device, id: (await device.identity()).deviceId };
}

async function cardToken(): Promise<string> {
  return (await site.tokens.create({ kind: 'card' })).token.reveal();
}

const stateIs = (id: string, state: string): Promise<void> =>
  expect.poll(() => site.desk.isAdmitted(id) && site.desk.statusOf(id).state).toBe(state);

describe('the agent at the real device API', () => {
  it('goes from a card token to a node', async () => {
    const { device, id } = await newDevice(await cardToken());
    const done = (await device.agent()).run();
    await stateIs(id, 'verified');
    site.desk.set(id, 'approved', { nodeName: 'lathe-left' });
    await done;
    expect(site.desk.admissions[0]?.evidence.kind).toBe('CardToken');
    expect(await device.read(device.paths.k3s)).toBe('the k3s binary');
    expect(await device.read(device.paths.k3sConfig)).toContain('node-name: "lathe-left"');
    site.desk.order = 'stop';
    expect(await device.checkIn()).toBe('stop');
  });

  it('with a used token waits as a device without evidence, and joins when its key is claimed', async () => {
    const token = await cardToken();
    const first = await newDevice(token);
    const firstDone = (await first.device.agent()).run();
    await stateIs(first.id, 'verified');
    site.desk.set(first.id, 'approved');
    await firstDone;
    const { device, id } = await newDevice(token);
    const done = (await device.agent()).run();
    await expect.poll(() => device.views.at(-1)?.problem?.code).toBe('TOKEN_USED');
    const { keyFingerprint = '' } = site.candidates.get(id) ?? {};
    site.desk.claimedKeys.add(keyFingerprint);
    site.desk.tell(id);
    await stateIs(id, 'verified');
    site.desk.set(id, 'approved');
    await done;
    expect(await device.state()).toMatchObject({ phase: 'done' });
  });
});

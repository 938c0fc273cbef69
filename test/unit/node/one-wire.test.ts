import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import { DevicePlugin } from '../../../node/device-plugin/device-plugin.ts';
import { HostDevices } from '../../../node/device-plugin/host-devices.ts';
import { offeredResources } from '../../../node/device-plugin/offered-resources.ts';
import { DeviceResource } from '../../../node/device-plugin/offers.ts';
import type { Resource } from '../../../node/device-plugin/resource-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const W1 = '/sys/bus/w1/devices';
const ONE = `${W1}/28-0316a2795bff`;
const OTHER = `${W1}/28-0417c1a8d2ff`;
const FAMILY = `${W1}/28-*`;
const LOOK_AGAIN_MS = 1_000;
const LIMIT_MS = 5_000;

let root: string;
let host: HostDevices;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'usher-one-wire-'));
  host = new HostDevices(root);
});
afterEach(() => rm(root, { recursive: true }));

/** As the driver does: the folder lies below that of the bus master, and a link leads there. */
async function plug(path: string): Promise<void> {
  const name = path.slice(W1.length + 1);
  await mkdir(join(root, '/sys/devices/w1_bus_master1', name), { recursive: true });
  await writeFile(join(root, '/sys/devices/w1_bus_master1', name, 'temperature'), '21437\n');
  await mkdir(join(root, W1), { recursive: true });
  await symlink(`../../../devices/w1_bus_master1/${name}`, join(root, path));
}

async function unplug(path: string): Promise<void> {
  await rm(join(root, path));
  await rm(join(root, '/sys/devices/w1_bus_master1', path.slice(W1.length + 1)), { recursive: true });
}

const found = async (path: string): Promise<string[]> => (await host.find({ path })).map((device) => device.path);

function resourceOf(path: string, rule: { sharing?: 'Shared' } = {}): Resource & { look(): Promise<boolean> } {
  const service = serviceOf('heat', SENSOR, { devices: [{ name: 'heat', path, ...rule }] });
  const resource = offeredResources([service], host, root).find((each) => each instanceof DeviceResource);
  if (resource === undefined) return expect.fail('the rule is not offered');
  return resource;
}

const ids = (resource: Resource): string[] => resource.listed().map(({ ID }) => ID);

describe('1-Wire sensors of a node', () => {
  it('are found by number and by family, behind the links of sysfs', async () => {
    await plug(ONE);
    await plug(OTHER);
    await plug(`${W1}/10-000801b5a7a4`);
    await mkdir(join(root, W1, 'w1_bus_master1'));
    expect(await host.look(ONE)).toEqual({ path: ONE, target: '/sys/devices/w1_bus_master1/28-0316a2795bff' });
    expect(await found(FAMILY)).toEqual([ONE, OTHER]);
    expect(await found(`${W1}/28-ffffffffffff`)).toEqual([]);
  });

  it('are not found where there is no bus, nor where a link leads nowhere', async () => {
    expect([await found(ONE), await found(FAMILY)]).toEqual([[], []]);
    await mkdir(join(root, W1), { recursive: true });
    await symlink('../../../devices/w1_bus_master1/28-0316a2795bff', join(root, ONE));
    expect([await found(ONE), await found(FAMILY)]).toEqual([[], []]);
  });

  it('are all that is taken of sysfs, whoever asks', async () => {
    await plug(ONE);
    await mkdir(join(root, 'sys/class/gpio'), { recursive: true });
    await mkdir(join(root, 'dev'));
    await symlink('/sys/class/gpio', join(root, 'dev/gpio'));
    await mkdir(join(root, W1, 'w1_bus_master1'));
    for (const path of ['/sys/class/gpio', '/sys/class/*', '/dev/gpio', `${W1}/w1_*`, `${ONE}/temperature`]) {
      expect(await found(path), path).toEqual([]);
    }
  });

  it('are one piece for a family: the container is told the family, and sees all of it', async () => {
    const family = resourceOf(FAMILY);
    expect([await family.look(), ids(family)]).toEqual([false, []]);
    await plug(ONE);
    await plug(OTHER);
    expect([await family.look(), ids(family)]).toEqual([true, [`${FAMILY}#0`]]);
    await unplug(ONE);
    await family.look();
    expect(ids(family)).toEqual([`${FAMILY}#0`]);
    expect(await family.allocate([`${FAMILY}#0`])).toEqual({ mounts: [], devices: [] });
    await unplug(OTHER);
    expect([await family.look(), ids(family)]).toEqual([true, []]);
    await expect(family.allocate([`${FAMILY}#0`])).rejects.toMatchObject({ code: 'DEVICE_GONE' });
  });

  it('need neither device nor mount, and may be shared', async () => {
    await plug(ONE);
    const sensor = resourceOf(ONE, { sharing: 'Shared' });
    await sensor.look();
    expect(ids(sensor)).toHaveLength(16);
    expect(await sensor.allocate([`${ONE}#0`, `${ONE}#1`])).toEqual({ mounts: [], devices: [] });
  });

  it('are seen within a second, though sysfs tells nobody', async () => {
    const clock = new ManualClock();
    const [folder, devFolder] = [join(root, 'plugins'), join(root, 'dev')];
    await mkdir(folder);
    await mkdir(devFolder);
    const plugin = new DevicePlugin({ folder, devFolder, clock, logger: silentLogger });
    const sensor = resourceOf(ONE);
    plugin.offer([sensor]);
    try {
      await expect.poll(() => clock.pending, { timeout: LIMIT_MS }).toBe(1);
      await plug(ONE);
      expect(ids(sensor)).toEqual([]);
      clock.advance(LOOK_AGAIN_MS);
      await expect.poll(() => ids(sensor), { timeout: LIMIT_MS }).toEqual([`${ONE}#0`]);
    } finally {
      await plugin.stop();
    }
  });
});

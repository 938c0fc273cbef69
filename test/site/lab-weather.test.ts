import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../foundation/clock.ts';
import { ControlClient } from '../../lab/control-client.ts';
import { Lab } from '../../lab/lab.ts';
import { until } from '../../lab/wait.ts';

const LEASE_LIMIT_MS = 15_000;

describe('a lab', () => {
  let folder: string;
  let lab: Lab;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-lab-weather-'));
    lab = new Lab({ name: 'tlabw', labDir: join(folder, 'tlabw'), fresh: true });
    await lab.up();
  });
  afterAll(async () => {
    await lab.down();
    await rm(folder, { recursive: true, force: true });
  });

  it('has its weather by the control socket: cable, switch, address, disk, adapter and clock', async () => {
    const client = await ControlClient.find('tlabw');
    await client.add({ name: 'extra', dataDiskMiB: 64 });
    const pi = lab.machine('extra');
    const before = await pi.waitForAddress(LEASE_LIMIT_MS);
    const carrier = async (): Promise<string> =>
      (await pi.exec(['cat', '/sys/class/net/eth0/operstate'])).stdout.trim();
    const room = async (): Promise<number> =>
      Number((await pi.exec(['sh', '-c', 'df --output=avail -k /var/lib/rancher | tail -n 1'])).stdout);

    await client.set('extra', 'link', 'down');
    expect(await carrier()).toBe('down');
    await client.set('extra', 'link', 'up');
    expect(await carrier()).toBe('up');
    await client.set('switch', 'link', 'down');
    expect(await carrier()).toBe('down');
    expect(await client.set('switch', 'link', 'up')).toHaveProperty('machines');
    await until(systemClock, 'the carrier', 5000, async () => ((await carrier()) === 'up' ? true : undefined));

    await client.set('extra', 'address', '10.77.0.180');
    const isThere = async (): Promise<true | undefined> => ((await pi.address()) === '10.77.0.180' ? true : undefined);
    await until(systemClock, `another address than ${before}`, LEASE_LIMIT_MS, isThere);

    expect(await room()).toBe(64 * 1024);
    await client.set('extra', 'disk', 'full');
    expect(await room()).toBeLessThanOrEqual(4);
    await client.set('extra', 'disk', 'free');
    expect(await room()).toBe(64 * 1024);

    const ports = async (): Promise<string> => (await pi.exec(['sh', '-c', 'echo /dev/ttyUSB*'])).stdout.trim();
    await client.set('extra', 'adapter', 'vibration');
    expect(await ports()).toBe('/dev/ttyUSB0');
    await client.set('extra', 'adapter', 'valve');
    expect(await ports()).toBe('/dev/ttyUSB1');
    await client.set('extra', 'adapter', 'none');
    expect(await ports()).toBe('/dev/ttyUSB*');

    await client.set('extra', 'clock', '-10y');
    expect(await pi.readFile('/run/lab-init/clock')).toBe('-10y\n');
    await pi.exec(['date', '-u', '-s', `@${String(Date.now() / 1000)}`]);
    expect(Math.abs(Number(await pi.readFile('/run/lab-init/clock')))).toBeLessThan(10);
    await client.set('extra', 'clock', 'right');
    expect(await pi.readFile('/run/lab-init/clock')).toBeUndefined();

    for (const [machine, setting, value] of [
      ['extra', 'link', 'sideways'],
      ['extra', 'address', '192.0.2.1'],
      ['extra', 'clock', '$(reboot)'],
      ['router', 'disk', 'full'],
    ] as const) {
      await expect(client.set(machine, setting, value)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleAgent } from '../../../bootstrap-image/agent/bundle.ts';
import { DeviceFolder } from './device-folder.ts';
import { FakeAppliance } from './fake-appliance.ts';

// The bundle itself, as it runs on a Pi, killed with SIGKILL at each step and started again.
let folder: string;
let bundle: string;
let appliance: FakeAppliance;
let device: DeviceFolder;
let bin: string;
let running: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-bundle-'));
  bundle = join(folder, 'agent.mjs');
  await bundleAgent(bundle);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(async () => {
  appliance = await FakeAppliance.start();
  appliance.artifacts = [
    { kind: 'k3s', name: 'k3s', content: Buffer.alloc(400_000, 'k3s ') },
    { kind: 'image', name: 'pause.tar', content: Buffer.from('pause') },
  ];
  device = await DeviceFolder.make();
  await device.writeCard(appliance);
  bin = await device.installFakeSystemctl();
});

afterEach(async () => {
  running?.kill('SIGKILL');
  await appliance.stop();
  await device.remove();
});

/** One start of the agent. Gives its exit code, or the signal that ended it. */
async function start(...args: string[]): Promise<number | string> {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  running = spawn(process.execPath, [bundle, ...args, '--root', device.root], { env, stdio: 'ignore' });
  const [code, signal] = (await once(running, 'exit', { signal: AbortSignal.timeout(8_000) })) as [
    number,
    string | null,
  ];
  return signal ?? code;
}

async function expectJoined(): Promise<void> {
  const token = appliance.tickets.at(-1)?.token ?? 'none';
  expect(await device.state()).toMatchObject({ phase: 'done', nodeName: 'lathe-left' });
  expect(await device.read(device.paths.k3sConfig)).toContain(token);
  expect(await device.read(device.paths.nodePassword)).toBe(`${appliance.tickets.at(-1)?.nodePassword ?? ''}\n`);
  expect(await device.read(device.paths.k3s)).toHaveLength(400_000);
  // The kubelet certificate that k3s has was made with the ticket in use, not with an older one.
  expect(await device.read(`${device.paths.k3sAgent}/client-kubelet.crt`)).toContain(token);
  expect(await device.read(device.paths.card)).toBeUndefined();
  expect(await device.read(join(device.root, 'active'))).toBe('');
  expect(await device.read(join(device.root, 'enabled'))).toBe('');
}

describe('a power cut at any step', () => {
  const requests = [
    '/enroll/v1/hello',
    '/enroll/v1/artifacts?',
    '/enroll/v1/artifacts/',
    '/enroll/v1/join',
    '/enroll/v1/joined',
  ];
  it.each(requests)('while %s is under way', async (path) => {
    let crashes = 1;
    appliance.override = (request) => {
      if (!request.path.startsWith(path) || crashes-- <= 0) return undefined;
      running?.kill('SIGKILL');
      return 'drop';
    };
    expect(await start()).toBe('SIGKILL');
    expect(await start()).toBe(0);
    await expectJoined();
    expect(new Set(appliance.requests.map(({ deviceId }) => deviceId)).size).toBe(1);
  });

  const moments = ['before start', 'after start', 'before enable', 'after enable', 'before is-active'];
  it.each(moments)('%s of k3s-agent', async (moment) => {
    await device.write(join(device.root, 'crash-at'), moment);
    expect(await start()).toBe('SIGKILL');
    expect(await start()).toBe(0);
    await expectJoined();
    // The same ticket goes on: what k3s made with it is not thrown away.
    expect(await device.read(join(device.root, 'systemctl.log'))).not.toContain('stop');
  });

  it('and a new ticket meanwhile: the certificate of the old one is removed', async () => {
    await device.write(join(device.root, 'crash-at'), 'after enable');
    expect(await start()).toBe('SIGKILL');
    appliance.renewTicket();
    expect(await start()).toBe(0);
    expect(appliance.tickets).toHaveLength(2);
    await expectJoined();
  });

  it.each(['before stop', 'after stop', 'before start'])(
    '%s in a rejoin of a node that was deleted',
    async (moment) => {
      expect(await start()).toBe(0);
      appliance.order = 'rejoin';
      expect(await start('checkin')).toBe(0);
      appliance.renewTicket();
      appliance.become('approved');
      await device.write(join(device.root, 'crash-at'), moment);
      // Stopping is skipped when nothing is left to stop.
      await start();
      expect(await start()).toBe(0);
      await expectJoined();
    },
  );

  it('starts again as often as one likes: a device that is done does nothing', async () => {
    expect(await start()).toBe(0);
    const { length } = appliance.requests;
    expect(await start()).toBe(0);
    expect(appliance.requests).toHaveLength(length);
  });
});

describe('the console', () => {
  it('says who the device is and how it stands', async () => {
    expect(await start()).toBe(0);
    const text = await device.read(device.paths.consoleText);
    expect(text).toContain(appliance.requests[0]?.deviceId.slice(0, 6));
    expect(text).toContain('this machine is a node');
    expect(await device.read(device.paths.issue)).toContain('lathe-left');
  });
});

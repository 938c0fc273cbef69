import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView, StoryView } from '../../api/core/schemas.ts';
import { DEVICE } from '../../k8s/core/resources.ts';
import { writePowerFixture } from '../../lab/disk.ts';
import { SerialAdapter } from '../../lab/instruments/serial-adapter.ts';
import { vibrationSensor } from '../../lab/instruments/vibration-sensor.ts';
import { MASTER } from '../../lab/lab.ts';
import { appliancePid } from './canary/inspector.ts';
import { deviceOf, eventually, isNodeReady, type RunningSite, startRunningSite } from './support/running-site.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../cli/usher.mjs');
const JOIN_MS = 120_000;
const AGENT = ['/usr/lib/usher/node', '/usr/lib/usher/agent.mjs', 'checkin'];

describe('a site seen from outside', () => {
  let running: RunningSite;
  let id = '';
  const usher = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [CLI, '--token-file', running.site.cliFile, ...args], { timeout: 60_000 })).stdout;
  const metric = async (line: string): Promise<number> => {
    const found = (await running.client.metrics()).split('\n').find((each) => each.startsWith(`${line} `));
    return Number(found?.split(' ').at(-1));
  };
  const warnings = async (): Promise<string[]> =>
    ((await running.client.device(id)).warnings ?? [])
      .map(({ code }) => code)
      .filter((code) => code !== 'DISK_NEARLY_FULL');
  const story = async (): Promise<string[]> => {
    const row = JSON.parse(await usher('device', id, '-o', 'json')) as DeviceView & { story: StoryView['entries'] };
    return row.story.map(({ reason }) => reason);
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'operations', respawn: true });
  });
  afterAll(async () => {
    await running.stop();
  });

  it(
    'shows too little voltage that a joined Pi meets later, once, and in the metrics',
    { timeout: 300_000 },
    async () => {
      const { lab } = running.site;
      const pi = await lab.addPi({ name: 'pi-1' });
      await lab.plug('pi-1');
      ({ id } = await deviceOf(running, 'pi-1'));
      await eventually('evidence', JOIN_MS, async () => (await running.client.device(id)).claimable);
      await running.client.createClaim({ name: 'pi-1', device: id, labels: { machine: 'lathe' } });
      await eventually('the node', JOIN_MS, () => isNodeReady(running, 'pi-1'));
      await eventually('the device', JOIN_MS, async () => (await running.client.device(id)).stage === 'Ready');
      expect(await warnings()).toEqual([]);

      await writePowerFixture(pi.folder, 0x5_0005);
      await eventually('the check-in', JOIN_MS, async () => {
        await lab.execIn('pi-1', AGENT, { allowFailure: true });
        return (await warnings()).length > 0;
      });
      expect(await warnings()).toEqual(['UNDERVOLTAGE']);
      const { status, metadata } = (await running.kube.get(DEVICE, { name: id })) ?? {};
      expect(status?.hardware?.power).toEqual({ undervoltage: true, throttled: true });
      expect(await metric('usher_device_warnings{code="UNDERVOLTAGE"}')).toBe(1);
      expect(await usher('device', 'pi-1')).toMatch(/warning: .*\[UNDERVOLTAGE\]\nremedy: {2}Use the power supply/);
      expect(await usher('kubectl', 'describe', 'device', id)).toMatch(/too little voltage.*Use the power supply/);

      // The voltage is well again: it was not since boot, and nothing is written that is known.
      await writePowerFixture(pi.folder, 0);
      await lab.execIn('pi-1', AGENT, { allowFailure: true });
      expect((await running.kube.get(DEVICE, { name: id }))?.metadata.resourceVersion).toBe(metadata?.resourceVersion);

      // So is what is plugged into it later.
      const usb = { vendor: '1a86', product: '7523', serial: 'A1' };
      const sensor = vibrationSensor(1000);
      const adapter = new SerialAdapter(lab.labDir, pi, sensor, { tty: 'ttyUSB0', ...usb });
      await adapter.plug();
      await lab.execIn('pi-1', AGENT, { allowFailure: true });
      expect((await running.client.device(id)).devices).toContainEqual({ path: '/dev/ttyUSB0', usb });
      expect(await usher('device', 'pi-1')).toContain('/dev/ttyUSB0 (1a86:7523)');
      await adapter.unplug();
      await sensor.close();
    },
  );

  it('tells the story of a device in order, with how long each step took', async () => {
    const reasons = await story();
    const inOrder = ['FirstSeen', 'Introduced', 'Approved', 'TicketMade', 'NodeSeen', 'Ready'];
    expect(reasons.filter((reason) => inOrder.includes(reason))).toEqual(inOrder);
    expect(await usher('device', 'pi-1')).toMatch(/ {2}device {2}TicketMade .*\(after \d/);
    expect(await metric('usher_join_step_seconds_count{step="whole"}')).toBe(1);
    expect(await metric('usher_tickets_burnt_total')).toBe(1);
  });

  it('counts days of certificates, and names what runs', async () => {
    expect(await metric('usher_certificate_days_left{certificate="page"}')).toBeGreaterThan(300);
    expect(await metric('usher_certificate_days_left{certificate="enrolment-ca"}')).toBeGreaterThan(300);
    const { version, kubernetes } = await running.client.site();
    expect(await running.client.metrics()).toContain(
      `usher_build_info{version="${version}",kubernetes="${kubernetes.version}",node="${process.version}"} 1`,
    );
  });

  it('remembers the story across a restart of the appliance, as far as Kubernetes does', async () => {
    const pid = await appliancePid(running);
    await running.site.lab.execIn(MASTER, ['kill', '-9', String(pid)]);
    await eventually('another appliance', JOIN_MS, async () => (await appliancePid(running)) !== pid);
    await eventually('the story', JOIN_MS, async () => (await story()).includes('Ready'));
    expect(await story()).toEqual(
      expect.arrayContaining(['Introduced', 'Approved', 'TicketMade', 'NodeSeen', 'Ready']),
    );
  });

  it('packs it all into a bundle, with pseudonyms when asked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'usher-bundle-'));
    try {
      const bundle = async (name: string, ...args: string[]): Promise<string> => {
        const file = join(folder, name);
        await usher('support-bundle', file, '--state-dir', running.site.master.pathOnDisk('/var/lib/usher'), ...args);
        return gunzipSync(await readFile(file)).toString('latin1');
      };
      const { board, mac } = running.site.lab.machine('pi-1').spec;
      const named = [board?.serial ?? '?', mac, 'raspberrypi'];
      const open = await bundle('open.tar.gz');
      for (const name of [...named, 'kubernetes/events.json', 'logs/k3s.log', 'usher_build_info'])
        expect(open).toContain(name);
      const masked = await bundle('masked.tar.gz', '--anonymise');
      const left = named.flatMap((name) => masked.match(new RegExp(`.{0,80}${name}.{0,80}`, 'i')) ?? []);
      expect(left).toEqual([]);
      expect(masked).not.toMatch(/\b10\.77\.0\.\d+/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { image as dashboardImage } from '../../examples/dashboard/image.ts';
import { image as guardImage } from '../../examples/tank-guard/image.ts';
import { POD, type Pod } from '../../k8s/core/pods.ts';
import type { Kind, KubeObject } from '../../k8s/core/resources.ts';
import { LAN } from '../../lab/core/address-plan.ts';
import { doubleActiveMs, labNowMs } from '../../lab/instruments/act-log.ts';
import { Valve } from '../../lab/instruments/valve.ts';
import { vibrationSensor } from '../../lab/instruments/vibration-sensor.ts';
import { fakeTankImage } from '../support/fake-tank/image.ts';
import { eventually } from './support/running-site.ts';
import { exampleService, SERVICES, ServiceSite } from './support/service-site.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../cli/usher.mjs');
const EXAMPLES = join(import.meta.dirname, '../../examples');
const ADAPTER = { tty: 'ttyUSB0', vendor: '1a86', product: '7523', serial: 'A1' };
const VELOCITY = 'site/telemetry/lathe-vibration/lathe-1/velocity';
/** What a sensor for 1 psi says of a tank of 60 cm. */
const COUNTS = { half: 7_200, full: 12_500 };

interface Deployment extends KubeObject {
  spec: { template: { spec: Record<string, unknown> } };
}
const DEPLOYMENT: Kind<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

describe('the examples', () => {
  let site: ServiceSite;
  const sensor = vibrationSensor(1_000);
  const valve = new Valve();
  const times: Record<string, number> = {};

  beforeAll(async () => {
    site = await ServiceSite.start({ labName: 'examples' }, [guardImage, dashboardImage, fakeTankImage]);
    await site.prepare([
      { name: 'lathe-1', labels: { machine: 'lathe' }, adapters: [{ instrument: sensor, options: ADAPTER }] },
      ...(['Primary', 'Backup'] as const).map((role, index) => ({
        name: `tank-${'ab'.charAt(index)}`,
        labels: { machine: 'tank' },
        pair: { name: 'north', role },
        adapters: [{ instrument: valve.instrument, options: ADAPTER }],
      })),
    ]);
    await site.apply(await exampleService('lathe-vibration'));
    await site.apply(await exampleService('valve'));
    const { spec } = await exampleService('tank-level');
    const container = { ...spec.container, image: 'usher.internal/fake-tank:0.1.0' };
    await site.apply(await exampleService('tank-level', { spec: { container, devices: [] } }));
    for (const name of ['tank-guard', 'dashboard']) await deploy(name);
    await site.plugIn('tank-a', 'tank-b');
  }, 400_000);
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify({ examples: times })}\n`);
    await site.stop();
  }, 60_000);

  /** An example's Deployment, told where the broker is, and to run on the lathe's node: its power is not cut here. */
  async function deploy(name: string): Promise<void> {
    const text = await readFile(join(EXAMPLES, name, 'deployment.yaml'), 'utf8');
    const told = text.replace('mqtt://192.0.2.1:1883', `mqtt://${LAN.master}:1883`);
    const deployment = parseAllDocuments(told)[0]?.toJS() as Deployment;
    deployment.spec.template.spec['nodeSelector'] = { machine: 'lathe' };
    await site.kube.create(DEPLOYMENT, deployment);
  }
  const setTank = (counts: number): Promise<unknown> => site.publish('lab/tank', String(counts), { retain: true });
  const valveToBe = (isOpen: boolean, limitMs: number): Promise<boolean> =>
    eventually(`the valve to be ${isOpen ? 'open' : 'closed'}`, limitMs, () => valve.isOpen === isOpen);
  const lastLevel = (): string | undefined =>
    site.heard.findLast(({ topic }) => topic === 'site/telemetry/tank-level/north/level')?.payload;

  it('are taken by the API server as they stand', async () => {
    const folders = (await readdir(EXAMPLES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const files: string[] = [];
    for (const { name } of folders) {
      const inside = await readdir(join(EXAMPLES, name));
      files.push(...inside.filter((file) => file.endsWith('.yaml')).map((file) => join(EXAMPLES, name, file)));
    }
    expect(files.length).toBeGreaterThanOrEqual(5);
    const flags = files.flatMap((file) => ['-f', file]);
    const args = ['--token-file', site.running.site.cliFile, 'kubectl', 'apply', '--dry-run=server', ...flags];
    const { stdout, stderr } = await run(process.execPath, [CLI, ...args], { timeout: 60_000 });
    expect(stdout.match(/dry run/g)).toHaveLength(files.length + 1);
    expect(stderr).not.toMatch(/would violate PodSecurity/);
  });

  it('a plugged Pi for a lathe publishes, with no other action', async () => {
    await site.plugIn('lathe-1');
    const readyMs = labNowMs();
    const isFirst = (): (typeof site.heard)[number] | undefined => site.heard.find(({ topic }) => topic === VELOCITY);
    const first = await eventually('a velocity', 60_000, isFirst);
    times['readyToFirstMessageMs'] = Math.round(first.atMs - readyMs);
    expect(first.properties).toEqual({ unit: 'lathe-1', node: 'lathe-1', epoch: '1' });
    const { x } = JSON.parse(first.payload) as { x: number };
    expect(sensor.acts.since(0).map(({ value }) => value / 100)).toContain(x);
  });

  it('a full tank closes its valve', async () => {
    await setTank(COUNTS.half);
    await valveToBe(true, 90_000);
    const fullMs = labNowMs();
    await setTank(COUNTS.full);
    await valveToBe(false, 10_000);
    times['fullToClosedMs'] = Math.round(labNowMs() - fullMs);
    expect(JSON.parse(lastLevel() ?? '{}')).toMatchObject({ levelPercent: expect.closeTo(97, 0) as number });
    expect(valve.changes.at(-1)).toMatchObject({ isOpen: false, by: expect.stringMatching(/^tank-[ab]$/) as string });
  });

  it('a power cut closes the valve at once, and the other node opens it again', async () => {
    await setTank(COUNTS.half);
    await valveToBe(true, 15_000);
    const { node: holder = '' } = await site.holder('valve', 'north');
    const fromMs = labNowMs();
    await site.lab.kill(holder);
    await valveToBe(false, 3_000);
    times['powerCutToClosedMs'] = Math.round((valve.changes.at(-1)?.atMs ?? 0) - fromMs);
    expect(valve.changes.at(-1)?.by).toBeUndefined();
    await valveToBe(true, 30_000);
    times['powerCutToOpenAgainMs'] = Math.round(labNowMs() - fromMs);
    expect(valve.changes.at(-1)?.by).toBe(holder === 'tank-a' ? 'tank-b' : 'tank-a');
    expect(doubleActiveMs(valve.instrument.acts.since(0), 1_000)).toBe(0);
  });

  it('the dashboard shows who is active', async () => {
    const html = await eventually('the page', 60_000, async () => {
      const pod = (await podsOf('dashboard')).find(
        ({ spec }) => spec?.nodeName !== undefined && site.machine(spec.nodeName).isOn,
      );
      if (pod?.spec?.nodeName === undefined) return undefined;
      const { podIP = '' } = pod.status as { podIP?: string };
      const { stdout } = await site
        .machine(pod.spec.nodeName)
        .exec(['curl', '-sS', '-m', '3', `http://${podIP}:8080/`]);
      return stdout.includes('<td>lathe-vibration</td><td>lathe-1</td>') ? stdout : undefined;
    });
    expect(html).toContain('<td>valve</td><td>north</td>');
  });

  /** Pods of a Deployment. */
  const podsOf = (app: string): Promise<Pod[]> =>
    site.kube.list(POD, { namespace: SERVICES, labelSelector: `app=${app}` });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labNowMs } from '../../../lab/instruments/act-log.ts';
import type { Instrument } from '../../../lab/instruments/instrument.ts';
import { vibrationSensor } from '../../../lab/instruments/vibration-sensor.ts';
import { runs } from '../../support/full-run.ts';
import { Dice, fuzzSeed } from '../../support/seeded.ts';
import { judge } from '../support/judge.ts';
import { eventually } from '../support/running-site.ts';
import { exampleService, type Heard, ServiceSite, type StationPlan } from '../support/service-site.ts';

const SERVICE = 'lathe-vibration';
const LIMIT_MS = 60_000;
const ADAPTER = { tty: 'ttyUSB0', vendor: '1a86', product: '7523', serial: 'A1' };
/** Every sensor has velocities of its own, so that a value tells whose it is; as its register has them, 1/100 mm/s. */
const BASES = { left: 1000, right: 2000 } as const;
type Unit = keyof typeof BASES;

/** The example of a lathe as it stands, on two lathes with two Pis each. */
describe('a service and its nodes', () => {
  const sensors: Record<Unit, Instrument> = { left: vibrationSensor(BASES.left), right: vibrationSensor(BASES.right) };
  const times: Record<string, number | number[]> = {};
  let site: ServiceSite;

  beforeAll(async () => {
    site = await ServiceSite.start({ labName: 'placement' });
    await site.apply(await exampleService(SERVICE));
    await site.prepare([stationOf('left', 'Primary'), stationOf('left', 'Backup')]);
    await site.prepare([stationOf('right', 'Primary'), stationOf('right', 'Backup')]);
    await site.adapter('left-b').unplug();
  }, 240_000);
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify({ placement: times })}\n`);
    await site.stop();
  }, 60_000);

  function stationOf(unit: Unit, role: 'Primary' | 'Backup'): StationPlan {
    const adapters = [{ instrument: sensors[unit], options: ADAPTER }];
    const labels = { machine: 'lathe', location: unit };
    return { name: role === 'Primary' ? `${unit}-a` : `${unit}-b`, labels, pair: { name: unit, role }, adapters };
  }

  const messagesOf = (unit: Unit): Heard[] =>
    site.heard.filter(({ topic }) => topic === `site/telemetry/${SERVICE}/${unit}/velocity`);
  const isReady = (node: string): Promise<void> => site.warm(SERVICE, node);

  it('runs on a Pi that is plugged in, with no other action', async () => {
    await site.plugIn('left-a');
    const readyMs = labNowMs();
    const first = await eventually('a message', LIMIT_MS, () => messagesOf('left')[0]);
    times['readyToFirstMessageMs'] = first.atMs - readyMs;
    expect(first.properties).toMatchObject({ unit: 'left', node: 'left-a', epoch: '1' });
    await eventually('the service to say so', LIMIT_MS, async () =>
      (await site.condition(SERVICE, 'Ready')).startsWith('True'),
    );
  });

  it('says which device file is missing, and starts when it is plugged in', async () => {
    await site.plugIn('left-b');
    const missing = /left-b has no USB device 1a86:7523/;
    await eventually('a condition that names it', LIMIT_MS, async () =>
      missing.test(await site.condition(SERVICE, 'DevicesAvailable')),
    );
    // The condition comes from what the node offers, so that the pod may be made after it.
    await eventually(
      'its pod to wait',
      LIMIT_MS,
      async () => (await site.podOn(SERVICE, 'left-b'))?.status?.phase === 'Pending',
    );
    const pluggedMs = labNowMs();
    await site.adapter('left-b').plug();
    const look = async (): Promise<boolean> => (await site.processesOf('left-b', SERVICE)).length > 0;
    await eventually('its process', LIMIT_MS, look);
    times['pluggedToStartedMs'] = labNowMs() - pluggedMs;
    await isReady('left-b');
    await eventually(
      'the condition to end',
      LIMIT_MS,
      async () => !missing.test(await site.condition(SERVICE, 'DevicesAvailable')),
    );
  });

  it(
    'is there again after a power cut with the device attached',
    async () => {
      const took: number[] = [];
      for (let run = 0; run < runs(2, 20); run += 1) {
        const before = (await site.podOn(SERVICE, 'left-a'))?.metadata.uid;
        await site.lab.kill('left-a');
        await site.lab.boot('left-a');
        const bootedMs = labNowMs();
        await eventually('its process', LIMIT_MS, async () => (await site.processesOf('left-a', SERVICE)).length > 0);
        took.push(labNowMs() - bootedMs);
        await isReady('left-a');
        process.stdout.write(`reboot ${String(run + 1)}: ${before ?? ''} → started after ${String(took.at(-1))} ms\n`);
      }
      times['bootedToStartedMs'] = took;
    },
    runs(180_000, 1_800_000),
  );

  it(
    'keeps two lathes apart through power cuts in every order',
    async () => {
      await site.plugIn('right-a', 'right-b');
      for (const node of ['right-a', 'right-b']) await isReady(node);
      const orders = permutations(['left-a', 'left-b', 'right-a', 'right-b']);
      const first = new Dice(fuzzSeed('order of power cuts')).below(orders.length);
      for (let run = 0; run < runs(1, orders.length); run += 1) {
        for (const node of orders[(first + run) % orders.length] ?? []) await cut(node);
      }
      for (const unit of ['left', 'right'] as const) {
        expect(judge(sensors[unit].acts.since(0)).doubleActiveMs).toBe(0);
        const messages = messagesOf(unit);
        const strays = messages.filter(({ payload, properties }) => {
          const value = (JSON.parse(payload) as { x: number }).x * 100;
          const isOwn = Math.round(value) >= BASES[unit] && Math.round(value) < BASES[unit] + 100;
          return !isOwn || properties['unit'] !== unit || properties['node']?.startsWith(`${unit}-`) !== true;
        });
        expect(strays).toEqual([]);
        const epochs = messages.map(({ properties }) => Number(properties['epoch']));
        expect(epochs.length).toBeGreaterThan(10);
        expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      }
    },
    runs(240_000, 7_200_000),
  );

  /** Cuts a node's power once its partner can take over, and goes on when somebody reads the lathe again. */
  async function cut(node: string): Promise<void> {
    const unit = node.startsWith('left') ? 'left' : 'right';
    const partner = node.endsWith('-a') ? `${unit}-b` : `${unit}-a`;
    await site.nodeReady(partner);
    await isReady(partner);
    await site.lab.kill(node);
    await site.active(sensors[unit], partner, LIMIT_MS);
    await site.lab.boot(node);
  }
});

function permutations(names: readonly string[]): string[][] {
  if (names.length === 0) return [[]];
  return names.flatMap((name) => permutations(names.filter((one) => one !== name)).map((rest) => [name, ...rest]));
}

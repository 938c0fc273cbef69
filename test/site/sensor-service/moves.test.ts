import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { image as pressImage } from '../../../examples/press-counter/image.ts';
import { SENSOR_SERVICE, type SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { labNowMs } from '../../../lab/instruments/act-log.ts';
import type { Instrument } from '../../../lab/instruments/instrument.ts';
import { vibrationSensor } from '../../../lab/instruments/vibration-sensor.ts';
import { runs } from '../../support/full-run.ts';
import { judge } from '../support/judge.ts';
import { FIRST_STROKE, startPress } from '../support/press.ts';
import { eventually } from '../support/running-site.ts';
import { exampleService, type Heard, SERVICES, ServiceSite } from '../support/service-site.ts';

const UNIT = 'left';
const PAIR = ['left-a', 'left-b'] as const;
const SIMILAR = 'left-c';
const NODES = [...PAIR, SIMILAR];
const PRESS = 'press-counter';
const PRESS_ADDRESS = '10.77.0.67';
const USB = { vendor: '1a86', product: '7523' } as const;
const LIMIT_MS = 90_000;
/** Longer than a silent holder is waited for, twice. */
const NOBODY_MS = 13_000;
/** Longer than a node has to be ready before it gets the lathe back, with what comes before and after. */
const STAYS_MS = 20_000;
const HANDED_OVER_MS = 4_000;

type Name = 'lathe' | 'mill' | 'drill';
const TTY: Record<Name, string> = { lathe: 'ttyUSB0', mill: 'ttyUSB1', drill: 'ttyUSB2' };
const FAILOVER: Record<Name, NonNullable<SensorService['spec']['failover']>> = {
  lathe: { takeover: 'SimilarNode', failback: { policy: 'Auto', afterSeconds: 5 } },
  mill: { failback: { policy: 'Manual' } },
  drill: { failback: { policy: 'Never' } },
};
const NAMES = ['lathe', 'mill', 'drill'] as const;

/** Three machine tools with a line to each of three Pis, two of which are a pair; and a press on the network. */
describe.runIf(runs(0, 1) === 1)('services that move between nodes', { timeout: 400_000 }, () => {
  const tools: Record<Name, Instrument> = {
    lathe: vibrationSensor(1000),
    mill: vibrationSensor(2000),
    drill: vibrationSensor(3000),
  };
  const times: Record<string, number> = {};
  let site: ServiceSite;

  beforeAll(async () => {
    site = await ServiceSite.start({ labName: 'moves' }, [pressImage]);
    await startPress(site.lab, PRESS_ADDRESS);
    for (const name of NAMES) await site.apply(await serviceOf(name));
    const { spec } = await exampleService(PRESS);
    const container = { ...spec.container, env: [{ name: 'PRESS_HOST', value: PRESS_ADDRESS }] };
    await site.apply(await exampleService(PRESS, { spec: { container, nodeSelector: { machine: 'lathe' } } }));
    const adapters = NAMES.map((name) => ({
      instrument: tools[name],
      options: { tty: TTY[name], ...USB, serial: name },
    }));
    const labels = { machine: 'lathe', location: 'left' };
    await site.prepare([
      { name: PAIR[0], labels, pair: { name: UNIT, role: 'Primary' }, adapters },
      { name: PAIR[1], labels, pair: { name: UNIT, role: 'Backup' }, adapters },
      { name: SIMILAR, labels: { ...labels, floor: '2' }, adapters },
    ]);
    await site.plugIn(...NODES);
    await warmOn(...PAIR);
    await site.warm(serviceName('lathe'), SIMILAR);
    await site.warm(PRESS, SIMILAR);
    for (const name of NAMES) await site.handOver(serviceName(name), UNIT, PAIR[0]);
    await site.handOver(PRESS, UNIT, PAIR[0]);
  }, 400_000);
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify({ moves: times })}\n`);
    await site.stop();
  }, 60_000);
  afterEach(() => {
    for (const name of NAMES) {
      const acts = tools[name].acts.since(0);
      const { doubleActiveMs } = judge(acts);
      const turns = acts.filter(({ by }, at) => by !== acts[at - 1]?.by).map(({ by, atMs }) => `${by} ${String(atMs)}`);
      if (doubleActiveMs > 0) process.stdout.write(`${name}: ${turns.slice(-12).join(', ')}\n`);
      expect(doubleActiveMs).toBe(0);
    }
    const epochs = strokes().map(({ properties }) => Number(properties['epoch']));
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  });

  const serviceName = (name: Name): string => `${name}-vibration`;
  /** The example of a lathe at a tool of its own; the others run on the pair only. */
  async function serviceOf(name: Name): Promise<SensorService> {
    const { spec } = await exampleService('lathe-vibration');
    const env = [{ name: 'PERIOD_MS', value: '100' }];
    return exampleService('lathe-vibration', {
      name: serviceName(name),
      spec: {
        container: { ...spec.container, env },
        nodeSelector: name === 'lathe' ? { machine: 'lathe' } : { 'usher.internal/pair': UNIT },
        devices: [{ name: 'line', usb: { ...USB, serial: name } }],
        failover: FAILOVER[name],
      },
    });
  }
  async function warmOn(...nodes: string[]): Promise<void> {
    for (const node of nodes) {
      for (const service of [...NAMES.map(serviceName), PRESS]) await site.warm(service, node);
    }
  }
  const activeOf = async (service: string): Promise<string | undefined> => (await site.holder(service, UNIT)).node;
  const strokes = (sinceMs = 0): Heard[] =>
    site.heard.filter(({ topic, atMs }) => topic === `site/telemetry/${PRESS}/${UNIT}/strokes` && atMs >= sinceMs);
  const countedBy = (node: string, limitMs = LIMIT_MS): Promise<Heard> => {
    const sinceMs = labNowMs();
    const by = ({ properties }: Heard): boolean => properties['node'] === node;
    return eventually(`strokes counted by ${node}`, limitMs, () => strokes(sinceMs).find(by));
  };
  const statusOf = async (service: string): Promise<NonNullable<SensorService['status']>> =>
    (await site.service(service))?.status ?? {};

  it('a similar node is in the unit of the pair for the sake of its device, and a unit by itself without one', async () => {
    await eventually(
      'the lathe to be one unit',
      LIMIT_MS,
      async () => (await statusOf(serviceName('lathe'))).standbyNodes === `${PAIR[1]}, ${SIMILAR}`,
    );
    expect((await statusOf(serviceName('lathe'))).unitNames).toBe(UNIT);
    expect((await statusOf(PRESS)).unitNames).toBe(`${UNIT}, ${SIMILAR}`);
    expect((await statusOf(serviceName('mill'))).standbyNodes).toBe(PAIR[1]);
  });

  it('Auto: the first node gets it back; Manual: when somebody asks; Never: it stays', async () => {
    await site.lab.kill(PAIR[0]);
    for (const name of NAMES) await site.active(tools[name], PAIR[1]);
    await countedBy(PAIR[1]);
    await site.lab.boot(PAIR[0]);
    await site.nodeReady(PAIR[0]);
    const readyMs = labNowMs();
    await warmOn(PAIR[0]);
    await site.active(tools.lathe, PAIR[0]);
    times['readyToAutoBackMs'] = Math.round(labNowMs() - readyMs);
    await delay(STAYS_MS);
    for (const name of ['mill', 'drill'] as const) expect(await activeOf(serviceName(name))).toBe(PAIR[1]);
    const { services } = site.running.client;
    const offered = async (name: Name): Promise<(string | undefined)[]> =>
      (await services.get(SERVICES, serviceName(name))).units.map(({ handBackTo }) => handBackTo);
    await eventually('the mill to be offered back', LIMIT_MS, async () => (await offered('mill'))[0] === PAIR[0]);
    expect(await offered('drill')).toEqual([undefined]);
    await services.handOver(SERVICES, serviceName('mill'), UNIT, PAIR[0]);
    await site.active(tools.mill, PAIR[0]);
    // The press as its file says it: a minute after the node is ready.
    await countedBy(PAIR[0]);
    expect(await activeOf(serviceName('drill'))).toBe(PAIR[1]);
  });

  it('a similar node takes over when no node of the pair is left, and only with the device', async () => {
    await site.adapter(SIMILAR, TTY.lathe).unplug();
    await eventually('the missing device to be told', LIMIT_MS, async () =>
      (await site.condition(serviceName('lathe'), 'DevicesAvailable')).includes(`${SIMILAR} has no USB device`),
    );
    const firstMs = labNowMs();
    await site.lab.kill(PAIR[1]);
    await site.active(tools.drill, PAIR[0]);
    expect(new Set(strokes(firstMs).map(({ properties }) => properties['node']))).toEqual(new Set([PAIR[0]]));
    const cutMs = labNowMs();
    await site.lab.kill(PAIR[0]);
    const counted = await countedBy(SIMILAR);
    times['pressGapMs'] = Math.round(counted.atMs - cutMs);
    await delay(NOBODY_MS);
    expect(judge(tools.lathe.acts.since(cutMs)).actors).not.toContain(SIMILAR);
    const pluggedMs = labNowMs();
    await site.adapter(SIMILAR, TTY.lathe).plug();
    await site.active(tools.lathe, SIMILAR);
    times['pluggedToSimilarMs'] = Math.round(labNowMs() - pluggedMs);
    await site.lab.boot(PAIR[0]);
    await site.lab.boot(PAIR[1]);
    await warmOn(...PAIR);
    await site.active(tools.lathe, PAIR[0]);
    await countedBy(PAIR[0]);
    for (const name of ['mill', 'drill'] as const) await site.handOver(serviceName(name), UNIT, PAIR[0]);
    const counts = strokes().map(({ payload }) => (JSON.parse(payload) as { strokes: number }).strokes);
    expect(counts[0]).toBeGreaterThan(FIRST_STROKE);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  it('an update goes to the standbys first, and the active node hands over before its turn', async () => {
    const uids = async (): Promise<(string | undefined)[]> =>
      Promise.all(NODES.map(async (node) => (await site.podOn(serviceName('lathe'), node))?.metadata.uid));
    const before = await uids();
    const story: string[] = [];
    const fromMs = labNowMs();
    const env = [{ name: 'PERIOD_MS', value: '120' }];
    const name = { name: serviceName('lathe'), namespace: SERVICES };
    await site.kube.mergePatch(SENSOR_SERVICE, name, { spec: { container: { env } } });
    const tell = (line: string): void => {
      if (story.includes(line)) return;
      story.push(line);
      process.stdout.write(`update: ${line}\n`);
    };
    await eventually('the update to be over', LIMIT_MS, async () => {
      const now = await uids();
      // First the holder: whatever it is when a pod is seen to be gone was so before.
      tell(`active on ${(await activeOf(serviceName('lathe'))) ?? 'none'}`);
      NODES.forEach((node, at) => {
        if (now[at] !== before[at]) tell(`new on ${node}`);
      });
      return (
        now.every((uid, at) => uid !== undefined && uid !== before[at]) &&
        (await site.condition(serviceName('lathe'), 'Progressing')).includes('nothing is being changed')
      );
    });
    await site.active(tools.lathe, PAIR[0]);
    const { gapMs } = judge(tools.lathe.acts.since(fromMs));
    times['updateGapMs'] = Math.round(gapMs);
    expect(gapMs).toBeLessThan(HANDED_OVER_MS);
    expect(story[0]).toBe(`active on ${PAIR[0]}`);
    expect(story.indexOf(`new on ${PAIR[1]}`)).toBeGreaterThan(0);
    const released = story.findIndex((line, at) => at > 0 && line.startsWith('active on'));
    expect(story.indexOf(`new on ${PAIR[1]}`)).toBeLessThan(released);
    expect(released).toBeLessThan(story.indexOf(`new on ${PAIR[0]}`));
    expect(story).toContain(`active on ${PAIR[1]}`);
  });

  it('labels that move take the services along: started there before they stop here', async () => {
    // Who is back within a second counts as one who has never stopped.
    await delay(2_000);
    const fromMs = labNowMs();
    const { client } = site.running;
    for (const node of PAIR) await client.changeClaim(node, { labels: { machine: 'none' }, pair: null });
    await client.changeClaim(SIMILAR, { pair: { name: UNIT, role: 'Primary' } });
    for (const name of NAMES) await site.active(tools[name], SIMILAR);
    for (const name of NAMES) {
      const { gapMs, actors } = judge(tools[name].acts.since(fromMs));
      times[`${name}MoveGapMs`] = Math.round(gapMs);
      expect(gapMs).toBeLessThan(HANDED_OVER_MS);
      expect(actors.at(-1)).toBe(SIMILAR);
      await eventually(`${serviceName(name)} to end on the pair`, LIMIT_MS, async () => {
        const left = await Promise.all(PAIR.map((node) => site.processesOf(node, serviceName(name))));
        return left.flat().length === 0;
      });
    }
    expect((await statusOf(serviceName('mill'))).activeNodes).toBe(`${UNIT}=${SIMILAR}`);
  });
});

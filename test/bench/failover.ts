import { resolve } from 'node:path';
import { ensureRequirements } from '../../appliance/doctor.ts';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { SENSOR_SERVICE } from '../../k8s/core/sensor-service/sensor-service.ts';
import { labNowMs } from '../../lab/instruments/act-log.ts';
import { buildStandIn } from '../../lab/k3s-stand-in/build.ts';
import { FAULTS, type Fault, inflict } from '../site/support/faults.ts';
import { judge, type Judgement } from '../site/support/judge.ts';
import { ServiceSite, SERVICES } from '../site/support/service-site.ts';
import type { BenchOptions } from './bench-options.ts';
import {
  atRest,
  type FaultFigures,
  figuresOf,
  NODES,
  preparePair,
  serviceFor,
  strike,
  SUBJECTS,
  UNFENCED_IMAGE,
} from './failover-pair.ts';
import { benchStock } from './failover-stock.ts';
import { load } from './load.ts';
import type { Summary } from './summary.ts';

type Figures = Partial<Record<Fault, FaultFigures>>;

export interface FailoverFigures {
  /** With default settings, and with the fast profile: the same faults strike both. */
  readonly usher: Figures;
  readonly usherFast: Figures;
  /** A Deployment on stock Kubernetes: its defaults, and tuned as far as it goes. Power cut. */
  readonly stock?: { readonly defaults: FaultFigures; readonly tuned: FaultFigures };
  /** A leader that hears of its end only by being told. Link cut. */
  readonly unfenced?: FaultFigures;
}

const ARMS = ['usher', 'stock', 'unfenced'] as const;
const LAB_NAME = 'failover';
const LIMIT_MS = 60_000;
/** Runs of the references: what they show needs no percentiles, and a stock takeover takes six minutes. */
const STOCK_RUNS = 2;
const TUNED_RUNS = 5;
const UNFENCED_RUNS = 3;
const DOUBLE_MS = 3_000;

/**
 * What a fault of the active node of a pair costs: how long nobody acts, and how long two do, by the word of the instrument.
 * `faults` chooses among {@link FAULTS} and the references `stock` and `unfenced`; all without.
 * @throws UsherError USAGE, and whatever fails; the site is taken down before
 */
export async function benchFailover(options: BenchOptions): Promise<FailoverFigures> {
  const { say, faults } = options;
  const unknown = faults.find((name) => ![...FAULTS, ...ARMS].some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsherError('USAGE', { detail: `--fault ${unknown}: one of ${[...FAULTS, ...ARMS].join(', ')}` });
  }
  const isWanted = (name: string): boolean =>
    faults.length === 0 ||
    faults.includes(name) ||
    (faults.includes('usher') && FAULTS.some((fault) => fault === name));
  await ensureRequirements('tests', say);
  const site = { k3sPath: '', imagesDir: '' };
  if (options.k3s === undefined || options.images === undefined) {
    Object.assign(site, await buildStandIn({ cacheDir: cacheDirectory(process.env), onProgress: say }));
  }
  if (options.k3s !== undefined) site.k3sPath = resolve(options.k3s);
  if (options.images !== undefined) site.imagesDir = resolve(options.images);
  say(`Load before: ${load()}`);
  const wanted = FAULTS.filter(isWanted);
  const pair = await benchPair(site, { ...options, wanted, unfenced: isWanted('unfenced') });
  const stock = isWanted('stock')
    ? await benchStock(site, { defaults: STOCK_RUNS, tuned: TUNED_RUNS, say })
    : undefined;
  say(`Load after: ${load()}`);
  return { ...pair, ...(stock === undefined ? {} : { stock }) };
}

/** How figures look on a terminal. */
export function failoverText({ usher, usherFast, stock, unfenced }: FailoverFigures): string {
  const all = {
    ...usher,
    ...Object.fromEntries(Object.entries(usherFast).map(([fault, figures]) => [`${fault} (fast)`, figures])),
    ...(stock === undefined ? {} : { 'stock, defaults': stock.defaults, 'stock, tuned': stock.tuned }),
    ...(unfenced === undefined ? {} : { unfenced }),
  };
  const cells = ({ p50, p95, max, n }: Summary): string =>
    `p50 ${p50.toFixed(0).padStart(7)}  p95 ${p95.toFixed(0).padStart(7)}  max ${max.toFixed(0).padStart(7)}  n ${String(n)}`;
  const rows = Object.entries(all).map(
    ([name, { gapMs, doubleActiveMs }]) =>
      `${name.padEnd(24)} gapMs ${cells(gapMs)}  doubleActiveMs max ${doubleActiveMs.max.toFixed(0)}`,
  );
  return `${rows.join('\n')}\n`;
}

async function benchPair(
  where: { k3sPath: string; imagesDir: string },
  { wanted, unfenced, runs, say }: BenchOptions & { wanted: readonly Fault[]; unfenced: boolean },
): Promise<FailoverFigures> {
  if (wanted.length === 0 && !unfenced) return { usher: {}, usherFast: {} };
  const site = await ServiceSite.start({ ...where, labName: LAB_NAME }, [UNFENCED_IMAGE]);
  // However it ends, nothing of the site is left running.
  const onSignal = (): void => void site.stop();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await preparePair(site);
    await site.apply(await serviceFor(SUBJECTS.usher, {}));
    await site.apply(await serviceFor(SUBJECTS.usherFast, { profile: 'Fast' }));
    await site.plugIn(...NODES);
    const usher: Figures = {};
    const usherFast: Figures = {};
    for (const fault of wanted) {
      const found = await runsOf(site, fault, runs, say);
      usher[fault] = figuresOf(found.usher);
      usherFast[fault] = figuresOf(found.usherFast);
    }
    if (!unfenced) return { usher, usherFast };
    return { usher, usherFast, unfenced: figuresOf(await benchUnfenced(site, say)) };
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await site.stop();
  }
}

async function runsOf(
  site: ServiceSite,
  fault: Fault,
  runs: number,
  say: (line: string) => void,
): Promise<{ usher: Judgement[]; usherFast: Judgement[] }> {
  const usher: Judgement[] = [];
  const usherFast: Judgement[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const found = await strike(site, fault, [SUBJECTS.usher, SUBJECTS.usherFast]);
    for (const [list, subject] of [
      [usher, SUBJECTS.usher],
      [usherFast, SUBJECTS.usherFast],
    ] as const) {
      const judgement = found.get(subject);
      if (judgement !== undefined) list.push(judgement);
    }
    const text = [usher.at(-1), usherFast.at(-1)].map(told).join(', fast ');
    say(`${fault} ${String(run)}/${String(runs)}: ${text}`);
  }
  return { usher, usherFast };
}

/** The link of a leader without fencing is cut: it goes on, and so does the one that took over. */
async function benchUnfenced(site: ServiceSite, say: (line: string) => void): Promise<Judgement[]> {
  const subject = SUBJECTS.other;
  const found: Judgement[] = [];
  const service = await serviceFor(subject, { fencing: 'None' }, { image: UNFENCED_IMAGE.name, mode: 'unfenced' });
  await site.apply(service);
  for (let run = 1; run <= UNFENCED_RUNS; run += 1) {
    const { active, standby } = await atRest(site, [subject]);
    const fromMs = labNowMs();
    const { heal } = await inflict('linkCut', { site, services: [subject.name], active, standby });
    await site.active(subject.instrument, standby, LIMIT_MS);
    await sleep(systemClock, DOUBLE_MS);
    // It would go on for ever.
    await site.lab.kill(active);
    found.push(judge(subject.instrument.acts.since(fromMs)));
    say(`unfenced ${String(run)}/${String(UNFENCED_RUNS)}: ${told(found.at(-1))}`);
    await heal();
  }
  await site.kube.delete(SENSOR_SERVICE, { name: subject.name, namespace: SERVICES });
  return found;
}

function told(judgement: Judgement | undefined): string {
  const { gapMs = NaN, doubleActiveMs = NaN, actors = [] } = judgement ?? {};
  return `gap ${gapMs.toFixed(0)} ms, two active ${doubleActiveMs.toFixed(0)} ms (${actors.slice(0, 4).join(' → ')})`;
}

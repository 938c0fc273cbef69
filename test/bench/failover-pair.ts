import { sleep, systemClock } from '../../foundation/clock.ts';
import { systemRandom } from '../../foundation/random.ts';
import { POD } from '../../k8s/core/pods.ts';
import type { FailoverPolicy, SensorService } from '../../k8s/core/sensor-service/sensor-service.ts';
import { labNowMs } from '../../lab/instruments/act-log.ts';
import type { Instrument } from '../../lab/instruments/instrument.ts';
import { vibrationSensor } from '../../lab/instruments/vibration-sensor.ts';
import type { ImageDescription } from '../../oci/core/image-description.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type Fault, inflict } from '../site/support/faults.ts';
import { judge, type Judgement } from '../site/support/judge.ts';
import { exampleService, type ServiceSite } from '../site/support/service-site.ts';
import { summarise, type Summary } from './summary.ts';

export const UNIT = 'left';
export const NODES = ['left-a', 'left-b'] as const;
const USB = { vendor: '1a86', product: '7523' } as const;
/** How often a service reads its instrument: what a gap is measured by. */
const PERIOD_MS = '100';
const LIMIT_MS = 120_000;
/** Watched on after a takeover, in case the old one is not over; and the whole time of a fault without one. */
const WATCH_MS = 4_000;
/** What was acted shortly before a fault is judged with what comes after it: the gap begins with the last act. */
const LEAD_MS = 1_000;
const OUTAGE_MS = 60_000;
const RECONNECT_MS = 12_000;
/** A standby that has just started waits for a whole lease before it may take over. */
const SETTLE_MS = 7_000;
const APART_MS = 15_000;

/** One fault, judged at the device. */
export interface FaultFigures {
  /** The longest time in which nobody acted, ms. */
  readonly gapMs: Summary;
  /** How long two acted, ms. */
  readonly doubleActiveMs: Summary;
}

/** A service under test and the instrument that judges it. */
export interface Subject {
  readonly name: string;
  readonly tty: string;
  readonly instrument: Instrument;
}

export const SUBJECTS: Readonly<Record<'usher' | 'usherFast' | 'other', Subject>> = {
  usher: { name: 'lathe', tty: 'ttyUSB0', instrument: vibrationSensor(1000) },
  usherFast: { name: 'lathe-fast', tty: 'ttyUSB1', instrument: vibrationSensor(2000) },
  other: { name: 'other', tty: 'ttyUSB2', instrument: vibrationSensor(3000) },
};

/** Of the stock reference and of the control without fencing. */
export const UNFENCED_IMAGE: ImageDescription = {
  name: 'unfenced-lathe',
  title: 'Reads a lathe without fencing: a control of the failover bench',
  bundles: [{ entry: 'test/bench/unfenced-lathe.ts', path: '/app/main.mjs' }],
  nativePackages: ['@serialport/bindings-cpp'],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

export function deviceOf({ tty }: Subject): NonNullable<SensorService['spec']['devices']>[number] {
  return { name: 'line', usb: { ...USB, serial: tty } };
}

/** The lathe's example, reading often, on a subject's instrument. */
export function serviceFor(
  subject: Subject,
  failover: FailoverPolicy,
  { image = 'lathe-vibration', mode = '', machine = 'lathe' } = {},
): Promise<SensorService> {
  const env = [
    { name: 'PERIOD_MS', value: PERIOD_MS },
    { name: 'MODE', value: mode },
  ];
  const container = { image: `usher.internal/${image}:${packageJson.version}`, env };
  const spec = { container, devices: [deviceOf(subject)], failover, nodeSelector: { machine } };
  return exampleService('lathe-vibration', { name: subject.name, spec });
}

/** Two Pis of a pair with a line to each subject's instrument, off. */
export async function preparePair(site: ServiceSite): Promise<void> {
  const adapters = Object.values(SUBJECTS).map(({ instrument, tty }) => ({
    instrument,
    options: { tty, ...USB, serial: tty },
  }));
  const plans = NODES.map((name, index) => ({
    ...{ name, adapters, labels: { machine: 'lathe' } },
    pair: { name: UNIT, role: index === 0 ? ('Primary' as const) : ('Backup' as const) },
  }));
  await site.prepare(plans);
}

/** Waits until the subjects run on both nodes, and are active on the same one; gives it and the other. */
export async function atRest(
  site: ServiceSite,
  subjects: readonly Subject[],
): Promise<{ active: string; standby: string }> {
  for (const node of NODES) {
    await site.nodeReady(node);
    for (const { name } of subjects) await site.warm(name, node);
  }
  const [first] = subjects;
  const active = first === undefined ? NODES[0] : await site.active(first.instrument, undefined, LIMIT_MS);
  for (const { name, instrument } of subjects) {
    await site.handOver(name, UNIT, active);
    await site.active(instrument, active, LIMIT_MS);
  }
  const standby = NODES.find((node) => node !== active) ?? NODES[1];
  return { active, standby };
}

/** Lets one fault strike all subjects at a moment that has nothing to do with their renewals, and judges each. */
export async function strike(
  site: ServiceSite,
  fault: Fault,
  subjects: readonly Subject[],
): Promise<ReadonlyMap<Subject, Judgement>> {
  const { active, standby } = await atRest(site, subjects);
  await sleep(systemClock, (fault === 'powerCut' ? SETTLE_MS : 1_000) + (systemRandom.bytes(1)[0] ?? 0) * 4);
  const fromMs = labNowMs() - LEAD_MS;
  const { heal } = await inflict(fault, { site, active, standby, services: subjects.map(({ name }) => name) });
  const hasTakeover = fault !== 'apiServerGone' && fault !== 'nodesApart';
  if (hasTakeover) {
    for (const { instrument } of subjects) await site.active(instrument, standby, LIMIT_MS);
  }
  await sleep(systemClock, hasTakeover ? WATCH_MS : fault === 'apiServerGone' ? OUTAGE_MS : APART_MS);
  await heal();
  // Connections that stood still come back when TCP tries again, which it does ever more seldom.
  if (fault === 'linkCut' || fault === 'apiServerGone') await sleep(systemClock, RECONNECT_MS);
  if (fault === 'processKill' || fault === 'containerFrozen') await renew(site, active, subjects);
  await atRest(site, subjects);
  return new Map(subjects.map((subject) => [subject, judge(subject.instrument.acts.since(fromMs))]));
}

export function figuresOf(judgements: readonly Judgement[]): FaultFigures {
  return {
    gapMs: summarise(judgements.map(({ gapMs }) => gapMs)),
    doubleActiveMs: summarise(judgements.map(({ doubleActiveMs }) => doubleActiveMs)),
  };
}

/** A container that was killed often is started later each time; a new pod begins anew. */
async function renew(site: ServiceSite, node: string, subjects: readonly Subject[]): Promise<void> {
  for (const { name } of subjects) {
    const pod = await site.podOn(name, node);
    if (pod !== undefined) await site.kube.delete(POD, pod.metadata);
  }
}

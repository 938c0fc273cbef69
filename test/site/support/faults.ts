import { UsherError } from '../../../foundation/errors.ts';
import { portOf, SWITCH } from '../../../lab/core/names.ts';
import { mustRun } from '../../../lab/tools.ts';
import type { ServiceSite } from './service-site.ts';

/** What goes wrong with the active node of a pair. */
export const FAULTS = ['powerCut', 'linkCut', 'processKill', 'containerFrozen', 'apiServerGone', 'nodesApart'] as const;
export type Fault = (typeof FAULTS)[number];

/** Where a fault strikes. */
export interface Stricken {
  readonly site: ServiceSite;
  /** Names of the services whose processes are meant. */
  readonly services: readonly string[];
  readonly active: string;
  readonly standby: string;
}

/** A fault that is there until it is healed. */
export interface Inflicted {
  readonly heal: () => Promise<void>;
}

/** Sends a signal to the API server: a process of the stand-in, or k3s itself. */
const SIGNAL_API_SERVER = 'pkill -"$0" -f "^kube-apiserver " || pkill -"$0" -f "^[^ ]*k3s server"';

/** Lets a fault strike. */
export async function inflict(fault: Fault, stricken: Stricken): Promise<Inflicted> {
  const { site, active, standby, services } = stricken;
  switch (fault) {
    case 'powerCut':
      await site.lab.kill(active);
      return { heal: () => site.lab.boot(active) };
    case 'linkCut':
      await site.lab.unplug(active);
      return { heal: () => site.lab.plug(active) };
    case 'processKill':
      await signalAll(stricken, 'KILL');
      return { heal: () => Promise.resolve() };
    case 'containerFrozen': {
      const pids = await Promise.all(services.map((service) => site.processesOf(active, service)));
      await signalAll(stricken, 'STOP');
      // Those that were not killed meanwhile go on.
      const thaw = ['kill', '-CONT', ...pids.flat()];
      return { heal: () => done(site.machine(active).exec(thaw, { allowFailure: true })) };
    }
    case 'apiServerGone': {
      const { master } = site.running.site;
      const signal = (name: string): Promise<unknown> => master.exec(['sh', '-c', SIGNAL_API_SERVER, name]);
      await signal('STOP');
      return { heal: () => done(signal('CONT')) };
    }
    case 'nodesApart':
      await isolate(site, [active, standby], true);
      return { heal: () => isolate(site, [active, standby], false) };
  }
}

async function done(work: Promise<unknown>): Promise<void> {
  await work;
}

async function signalAll({ site, services, active }: Stricken, signal: 'KILL' | 'STOP'): Promise<void> {
  const pids = (await Promise.all(services.map((service) => site.processesOf(active, service)))).flat();
  if (pids.length < services.length) {
    throw new UsherError('INTERNAL', { detail: `${services.join(', ')}: not all run on ${active}` });
  }
  await site.machine(active).exec(['kill', `-${signal}`, ...pids]);
}

/** Isolated ports of a switch reach all others, but not each other (bridge(8)). */
async function isolate(site: ServiceSite, machines: readonly string[], on: boolean): Promise<void> {
  const enter = [`--net=${site.lab.namespacePath(SWITCH)}`, 'bridge', 'link', 'set', 'dev'];
  for (const name of machines) await mustRun('nsenter', [...enter, portOf(name), 'isolated', on ? 'on' : 'off']);
}

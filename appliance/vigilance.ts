import { KubeAlarmBook, type AlarmBook } from '../k8s/alarms.ts';
import type { Informer } from '../k8s/client/kube-client.ts';
import type { Node } from '../k8s/core/resources.ts';
import { NodePasswordWatch } from '../k8s/node-password-watch.ts';
import { KubeRetiredNames } from '../k8s/retired-names.ts';
import type { Kubernetes } from './kubernetes.ts';
import type { StopList } from './stop-list.ts';
import type { Surroundings } from './surroundings.ts';

/** What the appliance keeps an eye on for people. */
export interface Vigilance {
  readonly alarms: AlarmBook;
  readonly retiredNames: KubeRetiredNames;
}

interface Options {
  kubernetes: Kubernetes;
  surroundings: Surroundings;
  stops: StopList;
}

/** The alarms and the retired names, as far as earlier runs left any. @throws UsherError KUBE_* */
export async function openVigilance({ kubernetes, surroundings, stops }: Options): Promise<Vigilance> {
  const { clock } = surroundings;
  const { kube } = kubernetes;
  const logger = surroundings.logger.child({ part: 'vigilance' });
  const alarms = new KubeAlarmBook({ kube, clock, logger });
  stops.add('alarms', () => alarms.stop());
  const retiredNames = new KubeRetiredNames({ kube, clock, logger });
  stops.add('retired names', () => retiredNames.stop());
  await Promise.all([alarms.synced(), retiredNames.open()]);
  return { alarms, retiredNames };
}

/** Begins to look for node passwords that Usher did not make. `nodes` must be synced. @throws UsherError KUBE_* */
export async function watchNodePasswords(
  { kubernetes, surroundings, stops }: Options,
  vigilance: Vigilance,
  join: { nodes: Informer<Node>; isOfTicket: (nodeName: string, hash: string) => Promise<boolean> },
): Promise<void> {
  const { clock } = surroundings;
  const secrets = kubernetes.watchNodePasswords();
  stops.add('node passwords', () => secrets.stop());
  const watch = new NodePasswordWatch({
    secrets,
    nodes: join.nodes,
    kube: kubernetes.kube,
    retired: vigilance.retiredNames,
    alarms: vigilance.alarms,
    isOfTicket: join.isOfTicket,
    clock,
    logger: surroundings.logger.child({ part: 'vigilance' }),
  });
  await watch.start();
  stops.add('watch of node passwords', () => watch.stop());
}

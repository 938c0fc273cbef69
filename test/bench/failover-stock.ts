import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kind, KubeObject } from '../../k8s/core/resources.ts';
import { deviceResource } from '../../k8s/core/sensor-service/resource-names.ts';
import { labNowMs } from '../../lab/instruments/act-log.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { judge, type Judgement } from '../site/support/judge.ts';
import { ServiceSite, SERVICES } from '../site/support/service-site.ts';
import {
  deviceOf,
  type FaultFigures,
  figuresOf,
  NODES,
  preparePair,
  serviceFor,
  SUBJECTS,
  UNFENCED_IMAGE,
} from './failover-pair.ts';

interface Deployment extends KubeObject {
  spec: object;
}
const DEPLOYMENT: Kind<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

/**
 * As short as it goes without nodes that come and go: a kubelet renews its node lease every ten seconds, whatever its
 * `node-status-update-frequency`.
 */
const TUNED = 'kube-controller-manager-arg+:\n  - node-monitor-grace-period=12s\n  - node-monitor-period=1s\n';
const TUNED_TOLERATION_SEC = 1;
const LAB_NAMES = { defaults: 'stock', tuned: 'stocktuned' } as const;
/** Defaults: 50 s until the node counts as gone, and 300 s until its pods do. */
const TAKEOVER_LIMIT_MS = 600_000;
const LEAD_MS = 1_000;

/** The same program as a Deployment of stock Kubernetes, whose node loses its power: with the defaults, and tuned. */
export async function benchStock(
  where: { k3sPath: string; imagesDir: string },
  { defaults, tuned, say }: { defaults: number; tuned: number; say: (line: string) => void },
): Promise<{ defaults: FaultFigures; tuned: FaultFigures }> {
  const fast = await benchArm(where, 'tuned', tuned, say);
  return { defaults: await benchArm(where, 'defaults', defaults, say), tuned: fast };
}

async function benchArm(
  where: { k3sPath: string; imagesDir: string },
  arm: 'defaults' | 'tuned',
  runs: number,
  say: (line: string) => void,
): Promise<FaultFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-stock-'));
  const dropIn = join(folder, 'tuned.yaml');
  await writeFile(dropIn, TUNED);
  const binds = arm === 'tuned' ? [{ from: folder, to: '/var/lib/usher/k3s/config.yaml.d' }] : [];
  const site = await ServiceSite.start({ ...where, binds, labName: LAB_NAMES[arm] }, [UNFENCED_IMAGE]);
  const onSignal = (): void => void site.stop();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    await preparePair(site);
    // It only makes the device plugin offer the instrument: no node has this label.
    await site.apply(await serviceFor(SUBJECTS.other, {}, { machine: 'none' }));
    await site.plugIn(...NODES);
    await site.kube.create(DEPLOYMENT, deployment(arm));
    const found: Judgement[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const judgement = await cutOnce(site);
      found.push(judgement);
      say(`stock ${arm} ${String(run)}/${String(runs)}: gap ${judgement.gapMs.toFixed(0)} ms`);
    }
    return figuresOf(found);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await site.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function cutOnce(site: ServiceSite): Promise<Judgement> {
  const { instrument } = SUBJECTS.other;
  for (const node of NODES) await site.nodeReady(node);
  const active = await site.active(instrument);
  const standby = NODES.find((node) => node !== active) ?? NODES[0];
  const fromMs = labNowMs() - LEAD_MS;
  await site.lab.kill(active);
  await site.active(instrument, standby, TAKEOVER_LIMIT_MS);
  const judgement = judge(instrument.acts.since(fromMs));
  await site.lab.boot(active);
  await site.nodeReady(active);
  return judgement;
}

function deployment(arm: 'defaults' | 'tuned'): Deployment {
  const app = { app: 'stock-lathe' };
  const gone = ['unreachable', 'not-ready'].map((what) => ({
    ...{ key: `node.kubernetes.io/${what}`, operator: 'Exists', effect: 'NoExecute' },
    tolerationSeconds: TUNED_TOLERATION_SEC,
  }));
  const container = {
    ...{ name: 'lathe', image: `usher.internal/${UNFENCED_IMAGE.name}:${packageJson.version}` },
    env: [
      { name: 'MODE', value: 'stock' },
      { name: 'PERIOD_MS', value: '100' },
    ],
    resources: { limits: { [deviceResource(deviceOf(SUBJECTS.other))]: '1' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
  const spec = {
    ...{ nodeSelector: { machine: 'lathe' }, automountServiceAccountToken: false, terminationGracePeriodSeconds: 1 },
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    ...(arm === 'tuned' ? { tolerations: gone } : {}),
    containers: [container],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'stock-lathe', namespace: SERVICES },
    spec: {
      ...{ replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: app } },
      template: { metadata: { labels: app }, spec },
    },
  };
}

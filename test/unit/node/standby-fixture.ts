import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../../foundation/logger.ts';
import { type Lease, LEASE, leaseLabels, type LeaseTerms } from '../../../k8s/core/sensor-service/lease.ts';
import { type Pod, POD } from '../../../k8s/core/pods.ts';
import { monotonicClock } from '../../../node/grant-protocol/monotonic-clock.ts';
import { CgroupKiller } from '../../../node/standby/process-killer.ts';
import { ServicePods } from '../../../node/standby/service-directory.ts';
import { Standby } from '../../../node/standby/standby.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { termsOf } from './fencing-model/world.ts';

export interface Told {
  what: string;
  atMs: number;
  unit?: string;
  epoch?: number;
  reason?: string;
  lateMs?: number;
}

/** A service's real process, and what it told. */
export interface RunningService {
  child: ChildProcess;
  told: Told[];
}

/** The fast profile, but for leases that a busy machine does not miss: for all in which none is to run out. */
export const CALM: Partial<LeaseTerms> = { leaseDurationMs: 20_000, renewDeadlineMs: 15_000 };

const SERVICE = fileURLToPath(new URL('service-process.ts', import.meta.url));

/** One node: a real standby on real sockets and processes, on a fake API server. */
export class NodeFixture {
  readonly kube = new FakeKube();
  readonly folder: string;
  standby: Standby;
  readonly #pods: ServicePods;
  readonly #children: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#pods = new ServicePods(this.kube, 'pi-a');
    this.standby = this.#makeStandby();
  }

  static async make(terms: Partial<LeaseTerms> = {}): Promise<NodeFixture> {
    const fixture = new NodeFixture(await mkdtemp(join(tmpdir(), 'usher-standby-')));
    await mkdir(join(fixture.folder, 'proc'));
    await fixture.kube.create<Lease>(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'lathe.left',
        namespace: 'shop',
        labels: leaseLabels('lathe', 'left'),
        annotations: {
          'usher.internal/candidates': '["pi-a","pi-b"]',
          'usher.internal/terms': JSON.stringify(termsOf('Fast', terms)),
          'usher.internal/unheld': 'true',
        },
      },
      spec: {},
    });
    return fixture;
  }

  get socket(): string {
    return join(this.folder, 'grants', 'grant.sock');
  }

  /** A process of a pod of the service, seen in `/proc` as such. */
  async startService(podUid: string): Promise<RunningService> {
    await this.addPod(podUid);
    const env = {
      ...process.env,
      USHER_SERVICE: 'lathe',
      USHER_NAMESPACE: 'shop',
      USHER_NODE_NAME: 'pi-a',
      USHER_POD_UID: podUid,
      USHER_GRANT_SOCKET: this.socket,
    };
    return this.adopt(spawn(process.execPath, [SERVICE], { env, stdio: ['ignore', 'pipe', 'inherit'] }), podUid);
  }

  adopt(child: ChildProcess, podUid: string): RunningService {
    this.#children.push(child);
    const proc = join(this.folder, 'proc', String(child.pid));
    // At once: the child must not be met before it can be seen.
    mkdirSync(proc);
    writeFileSync(join(proc, 'cgroup'), `0::/kubepods/burstable/pod${podUid}/c1\n`);
    symlinkSync(`/proc/${String(child.pid)}/stat`, join(proc, 'stat'));
    const told: Told[] = [];
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line) as Told));
    return { child, told };
  }

  async addPod(uid: string): Promise<void> {
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'lathe', uid: 'd', controller: true };
    await this.kube.create<Pod>(POD, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `lathe-${uid}`,
        namespace: 'shop',
        labels: { 'usher.internal/service': 'lathe' },
        ownerReferences: [owner],
      },
      spec: { nodeName: 'pi-a' },
    });
    // The fake gives uids of its own.
    const pod = await this.kube.get<Pod>(POD, { name: `lathe-${uid}`, namespace: 'shop' });
    this.podUids.set(pod?.metadata.uid ?? '', uid);
  }

  readonly podUids = new Map<string, string>();

  async lease(): Promise<Lease['spec']> {
    return (await this.kube.get(LEASE, { name: 'lathe.left', namespace: 'shop' }))?.spec;
  }

  async restartStandby(): Promise<void> {
    await this.standby.stop();
    this.standby = this.#makeStandby();
    await this.standby.start();
  }

  async stop(): Promise<void> {
    await this.standby.stop();
    for (const child of this.#children) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  #makeStandby(): Standby {
    const killer = new CgroupKiller({ proc: join(this.folder, 'proc'), clock: monotonicClock, logger: silentLogger });
    const isOf = (uid: string, namespace: string, service: string): boolean =>
      [...this.podUids].some(([given, wanted]) => wanted === uid && this.#pods.isOf(given, namespace, service));
    return new Standby({
      node: 'pi-a',
      kube: this.kube,
      pods: { isOf, onChange: (handler) => this.#pods.onChange(handler), refresh: () => this.#pods.refresh() },
      killer,
      socketPathOf: () => this.socket,
      clock: monotonicClock,
      wallMs: () => Date.now(),
      logger: silentLogger,
    });
  }
}

/** CLOCK_MONOTONIC now. */
export function nowMs(): number {
  return monotonicClock.nowMs();
}

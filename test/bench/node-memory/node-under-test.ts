import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import {
  type Lease,
  LEASE,
  leaseLabels,
  leaseNameOf,
  leaseTermsOf,
  SERVICE_LABEL,
} from '../../../k8s/core/sensor-service/lease.ts';
import { type Pod, POD } from '../../../k8s/core/pods.ts';
import { grantKey } from '../../../k8s/core/sensor-service/resource-names.ts';
import { SENSOR_SERVICE, type SensorService } from '../../../k8s/core/sensor-service/sensor-service.ts';
import { CountingKubelet } from './counting-kubelet.ts';
import { FakeService } from './fake-service.ts';
import { NodeApi } from './node-api.ts';

const SERVICES = ['lathe', 'mill', 'saw', 'press'] as const;
const UNITS = 5;
const NODE = 'pi-a';
const NAMESPACE = 'shop';
const START_LIMIT_MS = 30_000;
const LOOK_MS = 20;
/** In a mount namespace of its own: a pod's account, and a process that is seen to be of a pod. */
const AS_POD = `set -e
mount -t tmpfs none /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
cp "$ACCOUNT"/* /run/secrets/kubernetes.io/serviceaccount/
mount --bind "$CGROUP" "/proc/$POD_PROCESS/cgroup"
exec "$@"`;

/** A bench that is ended leaves nothing running (setpriv(1)). */
const WITH_PARENT = ['--pdeathsig', 'KILL'];

/** A program of the node, and how it is started. */
export interface Program {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What the programs of one node find: an API server, a kubelet, and services at their grant sockets, four of five units
 * each. Needs root, for mount namespaces.
 */
export class NodeUnderTest {
  readonly folder: string;
  /** From the answer to a renewal to its grant at the service, ms, since this was emptied. */
  grantMs: number[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #services: FakeService[] = [];
  readonly #kubelet = new CountingKubelet();
  readonly #answeredMs = new Map<string, number>();
  readonly #granted = new Set<string>();
  readonly #victim: ChildProcess;
  #api: NodeApi | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.#victim = spawn('setpriv', [...WITH_PARENT, 'sleep', 'infinity'], { stdio: 'ignore' });
  }

  static async start(): Promise<NodeUnderTest> {
    const node = new NodeUnderTest(await mkdtemp(join(tmpdir(), 'usher-nm-')));
    await mkdir(node.#path('account'));
    await mkdir(node.#path('host/var/lib/kubelet/device-plugins'), { recursive: true });
    for (const name of ['dev', 'sys', 'run']) await mkdir(node.#path(`host/${name}`));
    const api = await NodeApi.start(({ metadata }) => node.#answeredMs.set(metadata.name, performance.now()));
    node.#api = api;
    await writeFile(node.#path('account/ca.crt'), api.caPem);
    await writeFile(node.#path('account/token'), 'x'.repeat(900));
    await writeFile(
      node.#path('cgroup'),
      `${SERVICES.map((name) => `0::/kubepods/pod${podUidOf(name)}/c`).join('\n')}\n`,
    );
    node.#fill(api);
    await node.#kubelet.start(node.#path('host/var/lib/kubelet/device-plugins'));
    return node;
  }

  /** Starts the standby; resolves when every unit was granted. Gives its pid. */
  async startStandby(program: Program): Promise<number> {
    const args = ['--grants', this.#path('grants'), '--health', this.#path('health.json')];
    const pid = this.#spawn({ ...program, command: [...program.command, ...args] });
    for (const service of SERVICES) {
      const socket = join(this.#path('grants'), grantKey(NAMESPACE, service), 'grant.sock');
      const onGrant = (unit: string): void => this.#onGrant(leaseNameOf(service, unit));
      await this.#until(`the socket of ${service}`, async () => {
        const connected = await FakeService.connectTo(socket, podUidOf(service), onGrant);
        if (connected !== undefined) this.#services.push(connected);
        return connected !== undefined;
      });
    }
    await this.#until('grants for all units', () => this.#granted.size === SERVICES.length * UNITS);
    return pid;
  }

  /** Starts the device plugin; resolves when every resource is registered. Gives its pid. */
  async startDevicePlugin(program: Program): Promise<number> {
    const pid = this.#spawn(program);
    await this.#until('the resources', () => this.#kubelet.resources >= SERVICES.length);
    return pid;
  }

  /** Starts anything else in the same surroundings. Gives its pid. */
  startOther(program: Program): number {
    return this.#spawn(program);
  }

  async stop(): Promise<void> {
    for (const service of this.#services) service.close();
    for (const child of [...this.#children, this.#victim]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    this.#kubelet.stop();
    this.#api?.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  #onGrant(lease: string): void {
    const answeredMs = this.#answeredMs.get(lease);
    if (answeredMs === undefined) return;
    this.#answeredMs.delete(lease);
    this.#granted.add(lease);
    this.grantMs.push(performance.now() - answeredMs);
  }

  #spawn({ command, env = {} }: Program): number {
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', AS_POD, 'sh'];
    const child = spawn('setpriv', [...WITH_PARENT, ...own, ...command], {
      env: {
        ...{ PATH: process.env['PATH'], ...env },
        ...{ ACCOUNT: this.#path('account'), CGROUP: this.#path('cgroup'), POD_PROCESS: String(this.#victim.pid) },
        ...{ KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(this.#api?.port) },
        ...{ USHER_NODE_NAME: NODE, USHER_HOST_ROOT: this.#path('host') },
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#children.push(child);
    return child.pid ?? 0;
  }

  async #until(what: string, isThere: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = performance.now() + START_LIMIT_MS;
    while (!(await isThere())) {
      if (performance.now() > endMs)
        throw new UsherError('INTERNAL', { detail: `${what}: not within ${String(START_LIMIT_MS)} ms` });
      await sleep(systemClock, LOOK_MS);
    }
  }

  #fill(api: NodeApi): void {
    for (const service of SERVICES) {
      api.add(SENSOR_SERVICE.plural, serviceOf(service));
      api.add(POD.plural, podOf(service));
      for (let unit = 1; unit <= UNITS; unit += 1) api.add(LEASE.plural, leaseOf(service, `unit-${String(unit)}`));
    }
  }
}

function podUidOf(service: string): string {
  return `00000000-0000-4000-8000-${Buffer.from(service.padEnd(6)).toString('hex')}`;
}

function serviceOf(name: string): SensorService {
  return {
    ...{ apiVersion: 'usher.internal/v1alpha1', kind: 'SensorService', metadata: { name, namespace: NAMESPACE } },
    spec: {
      type: 'Sensor',
      container: { image: 'usher.internal/x:1' },
      nodeSelector: { machine: name },
      devices: [{ name: 'line', usb: { vendor: '1a86', product: '7523', serial: name } }],
    },
  };
}

function podOf(service: string): Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: service, uid: 'd', controller: true };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name: `${service}-1`, namespace: NAMESPACE, uid: podUidOf(service), ownerReferences: [owner] },
      labels: { [SERVICE_LABEL]: service },
    },
  };
}

function leaseOf(service: string, unit: string): Lease {
  return {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
    metadata: {
      ...{ name: leaseNameOf(service, unit), namespace: NAMESPACE, uid: `${service}-${unit}` },
      labels: leaseLabels(service, unit),
      annotations: {
        'usher.internal/candidates': JSON.stringify([NODE, 'pi-b']),
        'usher.internal/terms': JSON.stringify(leaseTermsOf({})),
        'usher.internal/unheld': 'true',
      },
    },
    spec: {},
  };
}

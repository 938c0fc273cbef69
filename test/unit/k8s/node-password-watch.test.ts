import { afterEach, describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { KubeAlarmBook } from '../../../k8s/alarms.ts';
import { approveNodeName } from '../../../k8s/approved-nodes.ts';
import { CONFIG_MAP, MANAGED_BY, NODE, SECRET, type KubeSecret } from '../../../k8s/core/resources.ts';
import { NODE_PASSWORDS, NodePasswordWatch } from '../../../k8s/node-password-watch.ts';
import { KubeRetiredNames } from '../../../k8s/retired-names.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const SYSTEM = { namespace: 'usher-system' };

function passwordOf(nodeName: string, more: Partial<KubeSecret['metadata']> = {}): KubeSecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `${nodeName}.node-password.k3s`, namespace: 'kube-system', ...more },
    type: 'k3s.cattle.io/node-password',
    data: { hash: Buffer.from('$1:whatever').toString('base64') },
  };
}

/** A cluster with Usher in it; `start` is the start of an appliance. */
class Site {
  readonly clock = new ManualClock();
  readonly kube = new FakeKube({ nowMs: () => this.clock.nowMs() });
  readonly #stops: (() => Promise<void>)[] = [];
  ofTickets = new Set<string>();

  async install(): Promise<void> {
    await this.kube.create(CONFIG_MAP, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'approved-nodes', ...SYSTEM },
      data: { 'old-node': 'was there before Usher', 'master-1': 'master' },
    });
  }

  async start(): Promise<{ alarms: KubeAlarmBook; retired: KubeRetiredNames }> {
    const { kube, clock } = this;
    const logger = silentLogger;
    const alarms = new KubeAlarmBook({ kube, clock, logger });
    const retired = new KubeRetiredNames({ kube, clock, logger });
    const [secrets, nodes] = [kube.inform(SECRET, NODE_PASSWORDS), kube.inform(NODE)];
    await Promise.all([alarms.synced(), retired.open(), secrets.synced(), nodes.synced()]);
    const isOfTicket = (name: string): Promise<boolean> => Promise.resolve(this.ofTickets.has(name));
    const watch = new NodePasswordWatch({ secrets, nodes, kube, retired, alarms, isOfTicket, clock, logger });
    await watch.start();
    this.#stops.push(async () => {
      await watch.stop();
      await Promise.all([secrets.stop(), nodes.stop(), retired.stop(), alarms.stop()]);
    });
    return { alarms, retired };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.splice(0).map((stop) => stop()));
  }
}

describe('the watch of node passwords', () => {
  let site = new Site();
  const running = async (): Promise<Awaited<ReturnType<Site['start']>>> => {
    site = new Site();
    await site.install();
    const started = await site.start();
    site.clock.advance(5000);
    return started;
  };
  afterEach(() => site.stop());

  it('raises an alarm for one that Usher did not make, and retires the name for good', async () => {
    const { alarms, retired } = await running();
    await site.kube.create(SECRET, passwordOf('intruder'));
    await expect
      .poll(() => alarms.list().map(({ code, nodeName }) => [code, nodeName]))
      .toEqual([['NODE_PASSWORD_UNEXPECTED', 'intruder']]);
    expect(retired.has('intruder')).toBe(true);
    await site.kube.delete(SECRET, { name: 'intruder.node-password.k3s', namespace: 'kube-system' });
    await site.stop();
    const next = await site.start();
    expect([next.retired.has('intruder'), next.alarms.list().length]).toEqual([true, 1]);
  });

  const honest: [what: string, prepare: (site: Site) => Promise<unknown>, secret: KubeSecret][] = [
    ['one that Usher made', () => Promise.resolve(), passwordOf('lathe', { labels: { ...MANAGED_BY } })],
    ["a master's", () => Promise.resolve(), passwordOf('master-1')],
    ['that of a node from before Usher', () => Promise.resolve(), passwordOf('old-node')],
    [
      'that of a name an operator listed',
      ({ kube }) => approveNodeName(kube, 'by-hand', 'mine'),
      passwordOf('by-hand'),
    ],
    [
      'that of a node which exists',
      ({ kube }) => kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'here' } }),
      passwordOf('here'),
    ],
    [
      'one that k3s made of a ticket of ours which came too late',
      (at) => Promise.resolve(at.ofTickets.add('slow')),
      passwordOf('slow'),
    ],
  ];
  it.each(honest)('lets %s be', async (_what, prepare, secret) => {
    const { alarms, retired } = await running();
    await prepare(site);
    await site.kube.create(SECRET, secret);
    // A stranger's comes after it, so that it is known to have been looked at.
    await site.kube.create(SECRET, passwordOf('intruder'));
    await expect.poll(() => alarms.list().length).toBe(1);
    expect(retired.list()).toEqual(['intruder']);
  });

  it('does not take a name that a ticket listed for one from before Usher', async () => {
    const { alarms } = await running();
    await approveNodeName(site.kube, 'lathe', 'ticket abc123');
    await site.kube.create(SECRET, passwordOf('lathe'));
    await expect.poll(() => alarms.list().map(({ nodeName }) => nodeName)).toEqual(['lathe']);
  });

  it('lets be what was there before Usher, and finds what came while no appliance ran', async () => {
    site = new Site();
    await site.install();
    await site.kube.create(SECRET, passwordOf('left-over'));
    const first = await site.start();
    site.clock.advance(5000);
    await site.stop();
    await site.kube.create(SECRET, passwordOf('intruder'));
    const { alarms } = await site.start();
    await expect.poll(() => alarms.list().map(({ nodeName }) => nodeName)).toEqual(['intruder']);
    expect(first.retired.has('left-over')).toBe(false);
  });

  it('tries again while the API server is away, and dies at no point without doing both later', async () => {
    const { alarms, retired } = await running();
    site.kube.before = ({ verb }) => {
      if (verb === 'mergePatch') throw new UsherError('KUBE_UNREACHABLE', { detail: 'gone' });
    };
    await site.kube.create(SECRET, passwordOf('intruder'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(retired.has('intruder')).toBe(false);
    site.kube.before = () => undefined;
    await expect
      .poll(() => {
        site.clock.advance(5000);
        return retired.has('intruder') && alarms.list().length;
      })
      .toBe(1);
  });

  it('goes on when somebody deletes the list of retired names', async () => {
    const { alarms, retired } = await running();
    await site.kube.delete(CONFIG_MAP, { name: 'retired-names', ...SYSTEM });
    await site.kube.create(SECRET, passwordOf('constructor'));
    await expect.poll(() => alarms.list().map(({ nodeName }) => nodeName)).toEqual(['constructor']);
    expect(retired.list()).toEqual(['constructor']);
  });

  it('raises the alarm also for names that find no room in the list of retired ones', async () => {
    const { alarms, retired } = await running();
    const label = 'x'.repeat(60);
    const names = Array.from({ length: 4000 }, (_, index) => `${label}.${label}.${label}.${String(index)}`);
    await retired.retire(names.map((nodeName) => ({ nodeName, secretUid: 'a'.repeat(36) })));
    const list = await site.kube.get(CONFIG_MAP, { name: 'retired-names', ...SYSTEM });
    expect(JSON.stringify(list?.data).length).toBeLessThan(2 ** 20);
    await site.kube.create(SECRET, passwordOf(`${label}.${label}.intruder`));
    await expect.poll(() => alarms.list().map(({ nodeName }) => nodeName)).toEqual([`${label}.${label}.intruder`]);
  });

  it('raises the alarm after a crash between retiring the name and raising it', async () => {
    const { retired } = await running();
    await retired.retire([{ nodeName: 'intruder', secretUid: 'uid-1' }]);
    await site.stop();
    const { alarms } = await site.start();
    await expect.poll(() => alarms.list().map(({ nodeName }) => nodeName)).toEqual(['intruder']);
  });

  it('costs a handful of requests however many names a leaked token is used with', async () => {
    const { retired } = await running();
    site.kube.calls.length = 0;
    const names = Array.from({ length: 300 }, (_, index) => `intruder-${String(index)}`);
    await Promise.all(names.map((name) => site.kube.create(SECRET, passwordOf(name))));
    await expect.poll(() => retired.list().length).toBe(300);
    const own = site.kube.calls.filter(({ kind }) => kind === 'ConfigMap');
    expect(own.length).toBeLessThan(40);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import { type Lease, LEASE, leaseLabels } from '../../../k8s/core/sensor-service/lease.ts';
import { Standby } from '../../../node/standby/standby.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { termsOf } from './fencing-model/world.ts';

const MAIN = fileURLToPath(new URL('../../../node/standby/main.ts', import.meta.url));
const LIMIT_MS = 20_000;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'usher-end-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('a standby that is stopped', () => {
  it('does nothing more for its units, however long its store takes to close', async () => {
    const kube = new FakeKube();
    await kube.create<Lease>(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: 'lathe.left',
        namespace: 'shop',
        labels: leaseLabels('lathe', 'left'),
        annotations: {
          'usher.internal/candidates': '["pi-a","pi-b"]',
          'usher.internal/terms': JSON.stringify(termsOf('Fast')),
        },
      },
      spec: { holderIdentity: 'pi-b', leaseTransitions: 4, leaseDurationSeconds: 3 },
    });
    const inform = kube.inform.bind(kube);
    const never = Promise.withResolvers<undefined>();
    kube.inform = (kind, options) => ({ ...inform(kind, options), stop: () => never.promise });
    const clock = new ManualClock(0);
    const socketPath = join(await folder(), 'grant.sock');
    const standby = new Standby({
      ...{ node: 'pi-a', kube, clock, wallMs: () => 0, logger: silentLogger },
      pods: { isOf: () => true, onChange: () => undefined, refresh: () => undefined },
      killer: { processesOf: () => Promise.resolve([]), killPod: () => Promise.resolve(true), leftOf: () => [] },
      socketPathOf: () => socketPath,
    });
    await standby.start();
    // When the holder would have been silent for too long.
    expect(clock.pending).toBeGreaterThan(0);
    void standby.stop();
    expect(clock.pending).toBe(0);
    never.resolve(undefined);
  });
});

describe('a standby that fails', () => {
  it('ends, with a last pet for the watchdog that an earlier one armed', async () => {
    const root = await folder();
    const sysfs = join(root, 'sys/class/watchdog/watchdog0');
    await mkdir(join(root, 'dev'));
    await mkdir(sysfs, { recursive: true });
    await writeFile(join(root, 'dev/watchdog0'), '');
    const attributes = { timeout: '10', identity: 'Fake', state: 'active', nowayout: '0' };
    for (const [name, value] of Object.entries(attributes)) await writeFile(join(sysfs, name), value);
    const kubeconfig = join(root, 'kubeconfig');
    const at = { name: 'x', cluster: { server: 'http://127.0.0.1:9' } };
    const users = [{ name: 'x', user: { token: 'x' } }];
    const contexts = [{ name: 'x', context: { cluster: 'x', user: 'x' } }];
    await writeFile(
      kubeconfig,
      JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [at], users, contexts, 'current-context': 'x' }),
    );
    const args = ['--node', 'pi-a', '--kubeconfig', kubeconfig, '--health', join(root, 'run/health.json')];
    const env = { ...process.env, USHER_HOST_ROOT: root };
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
    const closed = once(child, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
    const started = Promise.withResolvers<undefined>();
    child.stdout.on('data', () => {
      if (told.includes('the standby starts')) started.resolve(undefined);
    });
    await Promise.race([started.promise, closed]);
    // What nobody expects: the next look at the watchdog fails.
    await rm(join(sysfs, 'state'));
    await mkdir(join(sysfs, 'state'));
    const [code] = (await closed) as [number];
    expect([code, await readFile(join(root, 'dev/watchdog0'), 'utf8')]).toEqual([1, '..']);
    expect(told).toContain('the standby crashed');
  }, 30_000);
});

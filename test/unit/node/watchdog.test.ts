import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import { readManifest } from '../../../k8s/install.ts';
import { CLOCK_DRIFT, type LeaseTerms, WATCHDOG_MS } from '../../../k8s/core/sensor-service/lease.ts';
import type { LeaseRecord } from '../../../node/core/fencing/lease-record.ts';
import { newUnit, type UnitState } from '../../../node/core/fencing/unit-state.ts';
import { LONGEST_TIMEOUT_MS, petEveryMs, STUCK_MS, type WatchdogFacts } from '../../../node/core/watchdog.ts';
import { watchdogSeen, WatchdogResource } from '../../../node/device-plugin/watchdog-resource.ts';
import { keepHealthFile } from '../../../node/health-file.ts';
import type { ProcessName } from '../../../node/standby/process-state.ts';
import { WatchdogDevice } from '../../../node/standby/watchdog-device.ts';
import { WatchdogKeeper, type WatchdogKeeperOptions } from '../../../node/standby/watchdog-keeper.ts';
import { FakeWatchdog } from '../../support/fake-watchdog.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { termsOf } from './fencing-model/world.ts';

const PI = 'pi-a';

function candidateOf(fencing: LeaseTerms['fencing'], candidates = [PI, 'pi-b']): UnitState {
  const record: LeaseRecord = {
    ...{ uid: 'u', version: '1', holder: 'pi-b', epoch: 1, renewTime: 't', leaseDurationMs: 6000, candidates },
    ...{
      terms: termsOf('Default', { fencing }),
      yieldTo: undefined,
      takeoverBy: undefined,
      unheld: false,
      safeNext: false,
    },
  };
  return { ...newUnit(PI), sighting: { record, sinceMs: 0, isChecked: false } };
}

/** Its processes are being killed since `killAtMs`, and are still there. */
function killingSince(killAtMs: number, fencing: LeaseTerms['fencing'] = 'Watchdog'): UnitState {
  const terms = termsOf('Default', { fencing });
  const role = {
    name: 'stopping',
    connection: 1,
    epoch: 1,
    reason: 'expired',
    terms,
    killAtMs,
    killing: true,
  } as const;
  return { ...candidateOf(fencing), role };
}

class Machine {
  readonly clock = new ManualClock(0);
  readonly watchdog: FakeWatchdog;
  readonly keeper: WatchdogKeeper;
  units: UnitState[] | undefined;
  /** Processes that outlast being killed. */
  left: ProcessName[] = [];
  /** Those that were written down. */
  marked: readonly ProcessName[] = [];

  constructor(units: UnitState[] | undefined, facts: Partial<WatchdogFacts> = {}) {
    this.units = units;
    this.watchdog = new FakeWatchdog(this.clock, facts);
    const { watchdog, clock } = this;
    const marker: WatchdogKeeperOptions['marker'] = {
      holds: () => this.marked.length > 0,
      write: (names) => void (this.marked = names),
    };
    const stuck = (): readonly ProcessName[] => this.left;
    this.keeper = new WatchdogKeeper({ watchdog, units: () => this.units, stuck, marker, clock, logger: silentLogger });
  }

  get state(): string {
    return this.keeper.status().state;
  }

  get pets(): number {
    return this.watchdog.told.filter((what) => what === 'pet').length;
  }

  /** Lets time go by in small steps; true when a real watchdog would have reset the machine on the way. */
  run(ms: number): boolean {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(100);
      const { resetsAtMs } = this.watchdog;
      if (resetsAtMs !== undefined && this.clock.nowMs() >= resetsAtMs) return true;
    }
    return false;
  }
}

describe('the times of a watchdog', () => {
  it('leave a candidate waiting until the machine is surely reset, by clocks that run apart', () => {
    expect(WATCHDOG_MS * (1 - CLOCK_DRIFT)).toBeGreaterThan(LONGEST_TIMEOUT_MS + STUCK_MS * (1 + CLOCK_DRIFT));
  });

  it.each([
    [15_000, 3_000],
    [6_000, 2_000],
    [2_000, 666],
  ])('of %i ms ask for a pet every %i ms', (timeoutMs, everyMs) => {
    expect(petEveryMs(timeoutMs)).toBe(everyMs);
  });
});

describe('the keeper of the watchdog', () => {
  it.each([
    ['nothing is here', [], 'ready'],
    ['SelfFence is enough', [candidateOf('SelfFence')], 'ready'],
    ['others are the candidates', [candidateOf('Watchdog', ['pi-b'])], 'ready'],
    ['a candidate is here', [candidateOf('SelfFence'), candidateOf('Watchdog')], 'armed'],
    ['one that is no candidate any more still stops', [{ ...killingSince(0), sighting: undefined }], 'armed'],
  ])('arms it only when it is wanted: %s', (_what, units, state) => {
    const machine = new Machine(units);
    machine.keeper.start();
    expect(machine.state).toBe(state);
    expect(machine.watchdog.told.includes('open')).toBe(state === 'armed');
  });

  it('pets it in time, and stops it when nobody wants it any more', () => {
    const machine = new Machine([candidateOf('Watchdog')], { timeoutMs: 10_000 });
    machine.keeper.start();
    expect(machine.run(60_000)).toBe(false);
    expect(machine.pets).toBe(21);
    machine.units = [];
    machine.run(4_000);
    expect([machine.state, machine.watchdog.told.at(-1)]).toEqual(['ready', 'disarm']);
    expect(machine.run(60_000)).toBe(false);
  });

  it('lets it reset the machine when processes outlast being killed, before anybody takes over', () => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.keeper.start();
    machine.run(10_000);
    machine.units = [killingSince(machine.clock.nowMs())];
    expect(machine.run(STUCK_MS + LONGEST_TIMEOUT_MS)).toBe(true);
  });

  it('goes on when they end after all, and when the service is content with less', () => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.keeper.start();
    machine.units = [killingSince(0)];
    machine.run(10_000);
    machine.units = [candidateOf('Watchdog'), killingSince(0, 'SelfFence')];
    expect(machine.run(60_000)).toBe(false);
  });

  it('is reset with a standby that hangs', () => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.keeper.start();
    const { resetsAtMs } = machine.watchdog;
    // Its timers stand still, time does not.
    expect(resetsAtMs).toBe(15_000);
  });

  it('stops it when the standby is stopped, but not while processes do not end', () => {
    const well = new Machine([candidateOf('Watchdog')]);
    well.keeper.start();
    well.keeper.stop();
    expect(well.watchdog.told.at(-1)).toBe('disarm');
    expect([well.watchdog.resetsAtMs, well.clock.pending]).toEqual([undefined, 0]);
    const stuck = new Machine([killingSince(-STUCK_MS)]);
    stuck.keeper.start();
    stuck.keeper.stop();
    expect(stuck.watchdog.told).toEqual(['open', 'pet', 'abandon']);
    expect(stuck.run(LONGEST_TIMEOUT_MS)).toBe(true);
  });

  it('leaves word of them, so that the standby after it does not pet for a machine that is to be reset', () => {
    const left = [{ pid: 77, start: '5' }];
    const first = new Machine([candidateOf('Watchdog')]);
    first.left = left;
    first.keeper.start();
    first.units = [killingSince(0)];
    first.run(3_000);
    expect(first.marked).toEqual(left);
    const next = new Machine(undefined, { isRunning: true });
    next.marked = left;
    next.keeper.start();
    expect([next.run(LONGEST_TIMEOUT_MS), next.watchdog.told]).toEqual([true, []]);
  });

  it('takes it up when what an earlier standby could not end has ended after all', () => {
    const machine = new Machine(undefined, { isRunning: true });
    machine.marked = [{ pid: 77, start: '5' }];
    machine.keeper.start();
    machine.run(5_000);
    machine.marked = [];
    expect([machine.run(60_000), machine.state]).toEqual([false, 'armed']);
  });

  it('starts one that stands still for what an earlier standby could not end, and then leaves it', () => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.marked = [{ pid: 77, start: '5' }];
    machine.keeper.start();
    expect([machine.run(LONGEST_TIMEOUT_MS), machine.watchdog.told]).toEqual([true, ['open', 'pet']]);
  });

  it('leaves word also of what it was killing when it was stopped', () => {
    const machine = new Machine([killingSince(0)]);
    machine.left = [{ pid: 77, start: '5' }];
    machine.keeper.start();
    machine.keeper.stop();
    expect([machine.watchdog.told.at(-1), machine.marked]).toEqual(['disarm', machine.left]);
  });

  it.each([
    ['what is here is only a candidate', [candidateOf('Watchdog')], 'disarm'],
    ['one acts with less', [candidateOf('Watchdog'), killingSince(10_000, 'SelfFence')], 'disarm'],
    ['one stops', [killingSince(10_000)], 'pet'],
    ['it is not known yet', undefined, 'pet'],
    ['processes do not end', [killingSince(0)], 'abandon'],
  ])('does its last when the standby crashes: %s', (_what, units, last) => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.keeper.start();
    machine.run(2_000);
    machine.units = units;
    machine.keeper.crash();
    expect([machine.watchdog.told.slice(2), machine.clock.pending]).toEqual([[last], 0]);
  });

  it('takes up one that a crashed standby left running, before it knows what is here', () => {
    const machine = new Machine(undefined, { isRunning: true });
    machine.run(10_000);
    machine.keeper.start();
    expect(machine.run(30_000)).toBe(false);
    machine.units = [];
    machine.run(3_000);
    expect(machine.watchdog.told.at(-1)).toBe('disarm');
  });

  it('goes on petting one that cannot be stopped', () => {
    const machine = new Machine([candidateOf('Watchdog')], { isForGood: true });
    machine.keeper.start();
    machine.units = [];
    expect(machine.run(60_000)).toBe(false);
    expect(machine.watchdog.told).not.toContain('disarm');
  });

  it.each([
    ['EBUSY', 'in-use'],
    ['EACCES', 'unreadable'],
  ] as const)('says why it has none after %s, does not fail, and arms it when it can', (refusal, state) => {
    const machine = new Machine([candidateOf('Watchdog')]);
    machine.watchdog.refusal = refusal;
    machine.keeper.start();
    machine.run(5_000);
    expect(machine.state).toBe(state);
    // A node that was barred for it is no candidate, and must not take it for usable then.
    machine.units = [];
    machine.run(5_000);
    expect(machine.state).toBe(state);
    machine.watchdog.refusal = undefined;
    machine.units = [candidateOf('Watchdog')];
    machine.run(1_000);
    expect(machine.state).toBe('armed');
  });

  it.each([
    ['too slow', { timeoutMs: 16_000 }, 'too-slow'],
    ['so fast that a new container of the standby comes too late', { timeoutMs: 9_000 }, 'unreadable'],
    ['of unknown time', { timeoutMs: undefined }, 'unreadable'],
    ['slow and run by systemd', { timeoutMs: 60_000, isRunning: true }, 'in-use'],
  ])('leaves one alone that is %s', (_what, facts, state) => {
    const machine = new Machine([candidateOf('Watchdog')], facts);
    machine.keeper.start();
    machine.run(5_000);
    expect([machine.state, machine.watchdog.told]).toEqual([state, []]);
  });

  it('does without, and tries again one that takes no pets', () => {
    const none = new Machine([candidateOf('Watchdog')]);
    none.watchdog.facts = undefined;
    none.keeper.start();
    expect([none.state, none.watchdog.told]).toEqual(['none', []]);
    const broken = new Machine([candidateOf('Watchdog')]);
    broken.keeper.start();
    broken.watchdog.isBroken = true;
    broken.run(3_000);
    expect(broken.state).not.toBe('armed');
    broken.watchdog.isBroken = false;
    broken.run(1_000);
    expect(broken.state).toBe('armed');
  });
});

interface Container {
  name: string;
  env: { name: string; value?: string }[];
  volumeMounts: { mountPath: string; readOnly?: boolean }[];
}

/** A folder with plain files where a machine has its watchdog: not one that resets anything. */
async function fakeRoot(attributes: Record<string, string>, device = 'watchdog0'): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'usher-watchdog-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'dev'));
  await mkdir(join(root, 'sys/class/watchdog/watchdog0'), { recursive: true });
  if (device !== '') await writeFile(join(root, 'dev', device), '');
  for (const [name, value] of Object.entries(attributes)) {
    await writeFile(join(root, 'sys/class/watchdog/watchdog0', name), `${value}\n`);
  }
  return root;
}

describe('the watchdog device', () => {
  const BCM = { timeout: '15', identity: 'Broadcom BCM2835 Watchdog timer', state: 'inactive', nowayout: '0' };

  it.each(['watchdog0', 'watchdog'])('is opened as %s, petted, and closed by the magic character', async (name) => {
    const root = await fakeRoot(BCM, name);
    const device = new WatchdogDevice(root);
    expect(device.look()).toEqual({ identity: BCM.identity, timeoutMs: 15_000, isRunning: false, isForGood: false });
    device.open();
    device.pet();
    device.pet();
    device.disarm();
    device.pet();
    expect(await readFile(join(root, 'dev', name), 'utf8')).toBe('..V');
  });

  it('is left without the magic character when it is to reset the machine', async () => {
    const root = await fakeRoot({ ...BCM, state: 'active', nowayout: '1' });
    const device = new WatchdogDevice(root);
    expect(device.look()).toMatchObject({ isRunning: true, isForGood: true });
    device.open();
    device.pet();
    device.abandon();
    expect(await readFile(join(root, 'dev/watchdog0'), 'utf8')).toBe('.');
  });

  it('is told to be missing, or silent about its time; and none is made', async () => {
    const missing = new WatchdogDevice(await fakeRoot(BCM, ''));
    expect(missing.look()).toBeUndefined();
    expect(() => missing.open()).toThrow('ENOENT');
    expect(missing.look()).toBeUndefined();
    expect(new WatchdogDevice(await fakeRoot({})).look()).toMatchObject({ timeoutMs: undefined });
    expect(new WatchdogDevice(await fakeRoot({ ...BCM, identity: 'Software Watchdog' })).look()).toBeUndefined();
  });
});

describe('the container of the standby', () => {
  it('sees the watchdog of its node, and may write to it', async () => {
    const [manifest] = await readManifest('usher-node.yaml');
    const { containers } = (manifest as unknown as { spec: { template: { spec: { containers: Container[] } } } }).spec
      .template.spec;
    const standby = containers.find(({ name }) => name === 'standby');
    expect(standby?.env).toContainEqual({ name: 'USHER_HOST_ROOT', value: '/host' });
    const mounts = standby?.volumeMounts.map(({ mountPath, readOnly = false }) => `${mountPath} ${String(readOnly)}`);
    expect(mounts).toEqual(expect.arrayContaining(['/host/dev false', '/host/sys true']));
  });
});

describe('what the device plugin tells of it', () => {
  it('is what the health file says, as long as that is fresh', async () => {
    const path = join(await fakeRoot({}), 'health.json');
    const clock = new ManualClock(1_000);
    expect(watchdogSeen(path, clock)).toBeUndefined();
    const keep = (status: () => object): (() => void) => keepHealthFile({ path, clock, status, logger: silentLogger });
    const stop = keep(() => ({ watchdog: { state: 'armed', timeoutMs: 15_000 } }));
    expect(watchdogSeen(path, clock)).toBe('armed');
    expect(new WatchdogResource('armed').name).toBe('watchdog.usher.internal/armed');
    stop();
    clock.advance(10_000);
    expect(watchdogSeen(path, clock)).toBeUndefined();
    const stopOther = keep(() => ({ units: 1 }));
    expect(watchdogSeen(path, clock)).toBeUndefined();
    stopOther();
  });
});

import { describe, expect, it } from 'vitest';
import { dnsmasqCommand } from '../../../lab/core/address-plan.ts';
import { planCgroups } from '../../../lab/core/cgroup-plan.ts';
import { layersOf, type MountPlanOptions, pathOnDisk, planMounts, toScript } from '../../../lab/core/mount-plan.ts';

const V1_MOUNTS = [
  '25 20 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw',
  '26 25 0:21 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '27 25 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '28 25 0:23 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
  '29 25 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
].join('\n');

describe('cgroup plan', () => {
  it('puts version 1 groups below our own and leaves a hybrid tree alone', () => {
    const own = '4:name=systemd:/user.slice\n3:memory:/a/b\n2:cpu,cpuacct:/\n0::/x\n';
    expect(planCgroups(own, V1_MOUNTS)).toEqual([
      { version: 1, controllers: 'name=systemd', parent: '/sys/fs/cgroup/systemd/user.slice' },
      { version: 1, controllers: 'memory', parent: '/sys/fs/cgroup/memory/a/b' },
      { version: 1, controllers: 'cpu,cpuacct', parent: '/sys/fs/cgroup/cpu,cpuacct' },
    ]);
  });

  it('counts from what the mount shows when we are in a container', () => {
    const mounts = '27 25 0:22 /docker/1f /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';
    const [memory] = planCgroups('3:memory:/docker/1f\n', mounts);
    expect(memory?.parent).toBe('/sys/fs/cgroup/memory');
  });

  it('puts version 2 groups below the root, even beside a controllerless systemd hierarchy', () => {
    const mounts = '30 20 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
    expect(planCgroups('0::/user.slice/session-1.scope\n', mounts)).toEqual([
      { version: 2, controllers: '', parent: '/sys/fs/cgroup' },
    ]);
  });
});

const PLAN: MountPlanOptions = {
  folder: '/labs/lab/pi-1',
  binds: [{ from: '/opt/project' }, { from: '/a', to: '/b', writable: true }],
  hierarchies: [{ version: 1, controllers: 'cpu,cpuacct', parent: '/sys/fs/cgroup/cpu,cpuacct' }],
  layers: [],
  hidden: ['/labs'],
  firstBoot: true,
  card: '/labs/lab/pi-1/disk/card',
  deviceTree: true,
};

function targets(options: MountPlanOptions): string[] {
  return planMounts(options).map((step) => `${step.kind} ${step.target}`);
}

describe('mount plan', () => {
  it('takes the host’s services off a first disk before the card’s files go on it', () => {
    const steps = targets(PLAN);
    expect(steps.indexOf('erase /etc/systemd/system')).toBeGreaterThan(steps.indexOf('mount /'));
    expect(steps.indexOf('copy /')).toBeGreaterThan(steps.indexOf('erase /etc/systemd/system'));
    expect(steps.indexOf('copy /')).toBeGreaterThan(steps.indexOf('bind /boot/firmware'));
  });

  it('leaves a disk that was booted as it is', () => {
    const steps = targets({ ...PLAN, firstBoot: false });
    expect(steps.filter((step) => step.startsWith('erase'))).toEqual([]);
  });

  it('seals what belongs to the host’s kernel, and only then mounts on it', () => {
    const steps = targets(PLAN);
    expect(steps.indexOf('mount /sys/firmware')).toBeGreaterThan(steps.indexOf('seal /sys'));
    expect(steps.indexOf('mount /sys/fs/cgroup/cpu,cpuacct')).toBeGreaterThan(steps.indexOf('seal /sys'));
    expect(planMounts(PLAN).find((step) => step.target === '/proc/sys')?.options).toBe('ro');
    expect(steps).toContain('shadow /proc/sys/kernel/panic');
    expect(targets({ ...PLAN, deviceTree: false })).not.toContain('mount /sys/firmware');
  });

  it('hides the labs before binding what may lie among them, read-only unless said', () => {
    const steps = planMounts(PLAN);
    const at = (target: string): number => steps.findIndex((step) => step.target === target);
    expect(at('/labs')).toBeLessThan(at('/opt/project'));
    expect(steps[at('/opt/project')]).toMatchObject({ source: '/opt/project', options: 'ro' });
    expect(steps[at('/b')]).toMatchObject({ source: '/a', options: 'rw' });
  });

  it('delegates on version 2', () => {
    const hierarchies = [{ version: 2 as const, controllers: '', parent: '/sys/fs/cgroup' }];
    const steps = targets({ ...PLAN, hierarchies });
    expect(steps.slice(-2)).toEqual(['mount /sys/fs/cgroup', 'delegate /sys/fs/cgroup']);
  });

  it('writes one step a line without empty fields, which a shell would swallow', () => {
    const lines = toScript(planMounts(PLAN)).trimEnd().split('\n');
    expect(lines.every((line) => line.split('\t').length === 4 && !line.includes('\t\t'))).toBe(true);
  });

  it.each([
    ['/etc/rancher/k3s/k3s.yaml', '/m/disk/upper/etc/rancher/k3s/k3s.yaml'],
    ['/var/lib/usher/cli.json', '/m/disk/real/var-lib-usher/cli.json'],
    ['/var/lib/usher', '/m/disk/real/var-lib-usher'],
    ['/var/lib/usher-x', '/m/disk/upper/var/lib/usher-x'],
  ])('finds %s on the host', (path, expected) => {
    expect(pathOnDisk('/m', path)).toBe(expected);
  });

  it('lays layers over file systems of their own that hold programs', () => {
    const mountinfo = [
      '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
      '2 1 8:2 / /usr rw - ext4 /dev/sda2 rw',
      '3 1 8:3 / /var rw shared:1 - xfs /dev/sda3 rw',
      '4 1 8:4 / /boot rw - ext4 /dev/sda4 rw',
      '5 1 0:5 / /var/tmp rw - tmpfs tmpfs rw',
      '6 1 8:6 / /var/lib/docker/overlay2 rw - ext4 /dev/sda6 rw',
    ].join('\n');
    expect(layersOf(mountinfo)).toEqual(['/usr', '/var']);
  });
});

describe('address plan', () => {
  it('never asks dnsmasq for a lease shorter than it gives', () => {
    expect(dnsmasqCommand({ leaseSec: 30 }).find((arg) => arg.startsWith('--dhcp-range'))).toMatch(/,120$/);
    expect(dnsmasqCommand({ leaseSec: 600 }).find((arg) => arg.startsWith('--dhcp-range'))).toMatch(/,600$/);
  });
});

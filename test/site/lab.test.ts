import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../foundation/clock.ts';
import { isUsherError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { ControlClient } from '../../lab/control-client.ts';
import type { Card } from '../../lab/disk.ts';
import { Lab } from '../../lab/lab.ts';
import { connectIn } from '../../lab/relay.ts';
import { startSite } from '../../lab/site.ts';
import { sweepLab } from '../../lab/sweep.ts';
import { until } from '../../lab/wait.ts';

const LEASE_LIMIT_MS = 15_000;
const labs: Lab[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-lab-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.down()));
});

function newLab(name: string, fresh = true): Lab {
  const lab = new Lab({ name, labDir: join(folder, name), fresh });
  labs.push(lab);
  return lab;
}

function namespaces(prefix: string): string[] {
  const lines = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
  return lines.map((line) => line.split(' ')[0] ?? '').filter((name) => name.startsWith(prefix));
}

function cgroups(prefix: string): string[] {
  const found = execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `${prefix}*`], { encoding: 'utf8' });
  return found.split('\n').filter((line) => line !== '');
}

/** What the host shows of network and mounts; the files by which namespaces have names are not the lab's doing alone. */
function host(): string {
  const ip = (...args: string[]): string => execFileSync('ip', ['-o', ...args], { encoding: 'utf8' });
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [ip('link'), ip('-4', 'route'), ip('-6', 'route'), ...mounts.filter((line) => !line.includes('/netns'))].join(
    '\n',
  );
}

function textFile(path: string, text: string): Card[number] {
  return { path, mode: 0o644, source: { kind: 'secret', text: new Secret(text) } };
}

describe('a lab', () => {
  it('gives a machine an address by DHCP and leaves the host as it was', async () => {
    const before = host();
    const lab = newLab('tlaba');
    await lab.up();
    const machine = await lab.startMachine({ name: 'box', command: ['sleep', 'infinity'] });
    const address = await machine.waitForAddress(LEASE_LIMIT_MS);
    expect(address).toMatch(/^10\.77\.0\.1\d\d$/);
    expect((await machine.exec(['ip', 'route'])).stdout).toContain('default via 10.77.0.254');
    expect((await machine.exec(['cat', '/etc/resolv.conf'])).stdout).toBe('nameserver 10.77.0.254\n');

    const marker = '/etc/usher-lab-test';
    const harm = `touch ${marker}; mount -t tmpfs none /mnt; echo 7 >/proc/sys/kernel/panic; cat /proc/sys/kernel/panic`;
    expect((await machine.exec(['sh', '-c', harm])).stdout).toBe('7\n');
    expect((await machine.exec(['sh', '-c', 'echo 7 >/proc/sys/vm/swappiness'], { allowFailure: true })).code).not.toBe(
      0,
    );
    expect((await machine.exec(['date', '-s', '2020-01-01'], { allowFailure: true })).code).not.toBe(0);
    expect(existsSync(marker)).toBe(false);
    expect(readFileSync('/proc/sys/kernel/panic', 'utf8')).not.toBe('7\n');
    expect(host()).toBe(before);

    expect(namespaces('usher-tlaba-').sort()).toEqual(['usher-tlaba-box', 'usher-tlaba-router', 'usher-tlaba-switch']);
    await lab.down();
    expect(namespaces('usher-tlaba-')).toEqual([]);
    expect(cgroups('usher-tlaba-')).toEqual([]);
    expect(host()).toBe(before);
  });

  it('runs beside another one, but not twice under one name', async () => {
    const one = newLab('tlaba');
    const two = newLab('tlabb');
    await Promise.all([one.up(), two.up()]);
    const machines = await Promise.all(
      [one, two].map((lab) => lab.startMachine({ name: 'box', command: ['sleep', 'infinity'] })),
    );
    await Promise.all(machines.map((machine) => machine.waitForAddress(LEASE_LIMIT_MS)));
    await expect(new Lab({ name: 'tlaba', labDir: join(folder, 'other') }).up()).rejects.toMatchObject({
      code: 'LAB_ALREADY_RUNNING',
      params: { pid: process.pid },
    });
    await one.down();
    expect(namespaces('usher-tlabb-')).toHaveLength(3);
    expect(machines[1]?.isOn).toBe(true);
  });

  it('says why a machine does not start, and how its command ended', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    const bad = lab.startMachine({ name: 'bad', command: ['true'], binds: [{ from: '/nonexistent/folder' }] });
    await expect(bad).rejects.toMatchObject({ code: 'LAB_MACHINE_FAILED' });
    const texts: string[] = [];
    const command = ['sh', '-c', 'echo said; exit 7'];
    const short = await lab.startMachine({ name: 'short', command, onOutput: (text) => texts.push(text) });
    await short.exited;
    await until(systemClock, 'power off', 5000, () => (short.isOn ? undefined : true));
    expect(texts.join('')).toContain('said');
    await expect(short.exec(['true'])).rejects.toMatchObject({ code: 'LAB_MACHINE_OFF' });
    await expect(lab.execIn('nobody', ['true'])).rejects.toMatchObject({ code: 'LAB_MACHINE_UNKNOWN' });
  });

  it('carries TCP from the host’s loopback into the site', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    const server = ['busybox', 'httpd', '-f', '-p', '8080', '-h', '/etc'];
    const addressing = { kind: 'static', address: '10.77.0.1' } as const;
    const machine = await lab.startMachine({ name: 'web', command: server, addressing });
    const port = await lab.openRelay({ host: '10.77.0.1', port: 8080 });
    const get = async (): Promise<string | undefined> => {
      const response = await fetch(`http://127.0.0.1:${port}/hostname`).catch(() => undefined);
      return response?.ok === true ? response.text() : undefined;
    };
    expect(await until(systemClock, 'the relay', 10_000, get)).toBe('web\n');
    await machine.kill();
    await machine.boot();
    expect(await until(systemClock, 'the relay after a boot', 10_000, get)).toBe('web\n');

    const socket = connectIn(lab.namespacePath('router'), '10.77.0.1', 8080);
    socket.write('GET /hostname HTTP/1.0\r\n\r\n');
    const chunks: string[] = [];
    for await (const chunk of socket) chunks.push(String(chunk));
    expect(chunks.join('')).toMatch(/web\n$/);
  });
});

const UNITS: Card = [
  textFile(
    '/etc/systemd/system/first.service',
    '[Unit]\nBefore=second.service\nWants=network-online.target\nAfter=network-online.target\n' +
      '[Service]\nType=oneshot\nExecStart=/bin/sh -c "sleep 0.2; ip -4 -o address show eth0 >/run/first"\n',
  ),
  textFile(
    '/etc/systemd/system/second.service',
    '[Service]\nExecStart=/bin/sh -c "cat /run/first; echo start >>/var/log/starts; exec sleep 1234"\n' +
      'Restart=always\nRestartSec=100ms\n[Install]\nWantedBy=multi-user.target\n',
  ),
  textFile('/boot/firmware/usher.json', '{"v":1}'),
  ...['first', 'second'].map((name) => ({
    path: `/etc/systemd/system/multi-user.target.wants/${name}.service`,
    mode: 0,
    source: { kind: 'symlink' as const, to: `../${name}.service` },
  })),
];

describe('a virtual Raspberry Pi', () => {
  it('is a board with a card: device tree, units in their order, systemctl', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    const pi = await lab.addPi({ card: UNITS, model: 'Raspberry Pi 5 Model B Rev 1.0' });
    await lab.plug(pi.name);
    await pi.waitForConsole(/boot finished/, LEASE_LIMIT_MS);
    const board = pi.spec.board;
    const tree = '/sys/firmware/devicetree/base';
    expect(await pi.readFile(`${tree}/model`)).toBe('Raspberry Pi 5 Model B Rev 1.0\0');
    expect(await pi.readFile(`${tree}/serial-number`)).toBe(`${board?.serial ?? ''}\0`);
    expect((await pi.exec(['cat', '/sys/class/net/eth0/address'])).stdout.trim()).toBe(board?.mac);
    expect((await pi.exec(['hostname'])).stdout).toBe('raspberrypi\n');
    expect(await pi.readFile('/boot/firmware/usher.json')).toBe('{"v":1}');
    // The second unit waited for the first, and the first for the network.
    expect(await pi.readFile('/var/log/units/second.service.log')).toContain('inet 10.77.0.');

    const systemctl = async (...args: string[]): Promise<{ code: number; stdout: string }> =>
      pi.exec(['systemctl', ...args], { allowFailure: true });
    expect(await systemctl('is-active', 'second')).toMatchObject({ code: 0, stdout: 'active\n' });
    await systemctl('stop', 'second');
    expect(await systemctl('is-active', 'second')).toMatchObject({ code: 3, stdout: 'inactive\n' });
    expect(await systemctl('restart', 'second')).toMatchObject({ code: 0 });
    expect(await systemctl('disable', 'second')).toMatchObject({ code: 0 });
    expect(await systemctl('is-enabled', 'second')).toMatchObject({ code: 1, stdout: 'disabled\n' });
    expect(await systemctl('start', 'nothing')).toMatchObject({ code: 5 });

    await pi.exec(['pkill', '-x', 'sleep']);
    const starts = async (): Promise<true | undefined> =>
      (await pi.readFile('/var/log/starts'))?.split('\n').length === 4 ? true : undefined;
    await until(systemClock, 'a restart after the crash', 5000, starts);
  });

  it('keeps its disk over a power cut, loses it to another card, and stays the same board', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    const pi = await lab.addPi({ card: UNITS });
    await lab.plug('pi-1');
    const first = await pi.waitForAddress(LEASE_LIMIT_MS);
    await pi.exec(['sh', '-c', 'echo kept >/etc/kept; echo kept >/var/lib/rancher/kept; echo gone >/run/gone']);
    const bootId = await pi.readFile('/proc/sys/kernel/random/boot_id');
    const machineId = await pi.readFile('/etc/machine-id');
    const { pid } = pi;
    await lab.kill('pi-1');
    expect(existsSync(`/proc/${pid ?? 0}`)).toBe(false);
    expect(pi.isOn).toBe(false);
    await lab.boot('pi-1');
    expect(await pi.waitForAddress(LEASE_LIMIT_MS)).toBe(first);
    expect(await pi.readFile('/etc/kept')).toBe('kept\n');
    expect(await pi.readFile('/var/lib/rancher/kept')).toBe('kept\n');
    expect(readFileSync(pi.pathOnDisk('/etc/kept'), 'utf8')).toBe('kept\n');
    expect(await pi.readFile('/run/gone')).toBeUndefined();
    expect(await pi.readFile('/etc/machine-id')).toBe(machineId);
    expect(await pi.readFile('/proc/sys/kernel/random/boot_id')).not.toBe(bootId);

    await lab.reflash('pi-1', UNITS.slice(2));
    expect(await pi.waitForAddress(LEASE_LIMIT_MS)).toBe(first);
    expect(await pi.readFile('/etc/kept')).toBeUndefined();
    expect(await pi.readFile('/var/lib/rancher/kept')).toBeUndefined();
    expect(await pi.readFile('/etc/machine-id')).not.toBe(machineId);
  });

  it('sees its cable come and go, and asks for a lease as soon as it is there', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    const pi = await lab.addPi({ card: [] });
    await lab.boot('pi-1');
    await pi.waitForConsole(/broadcasting discover/, LEASE_LIMIT_MS);
    expect(await pi.readFile('/sys/class/net/eth0/carrier')).toBe('0\n');
    expect(await pi.address()).toBeUndefined();
    await pi.waitForConsole(/boot finished/, LEASE_LIMIT_MS);
    await lab.plug('pi-1');
    await pi.waitForAddress(LEASE_LIMIT_MS);
    await lab.unplug('pi-1');
    const ping = ['busybox', 'ping', '-c1', '-W1', '10.77.0.254'];
    expect((await pi.exec(ping, { allowFailure: true })).code).not.toBe(0);
    await lab.plug('pi-1');
    await until(systemClock, 'the network', 5000, async () =>
      (await pi.exec(ping, { allowFailure: true })).code === 0 ? true : undefined,
    );
  });

  it('is reached by the control socket as by hand', async () => {
    const lab = newLab('tlaba');
    await lab.up();
    lab.useCards(() => Promise.resolve(UNITS.slice(2)));
    const client = await ControlClient.find('tlaba');
    expect(await client.add({ name: 'extra', serial: '00000000deadbeef' })).toMatchObject({
      power: 'on',
      cable: 'plugged',
      serial: '00000000deadbeef',
    });
    expect(await client.do('extra', 'kill')).toMatchObject({ power: 'off' });
    expect(await client.do('extra', 'reflash')).toMatchObject({ power: 'off' });
    expect(await client.do('extra', 'boot')).toMatchObject({ power: 'on', boots: 2 });
    expect(await client.do('extra', 'unplug')).toMatchObject({ cable: 'unplugged' });
    await expect(client.do('nobody', 'kill')).rejects.toMatchObject({ code: 'LAB_MACHINE_UNKNOWN' });
    await expect(client.add({ name: 'Not-A-Name' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(ControlClient.find('tlabz')).rejects.toMatchObject({ code: 'LAB_NOT_RUNNING' });
    expect((await client.status()).machines.map((machine) => machine.name)).toEqual(['router', 'extra']);
  });
});

describe('a lab that dies', () => {
  it('takes its machines with it, and the next sweep removes the rest and nothing else', async () => {
    const neighbour = 'usher-tlabcx-box';
    execFileSync('ip', ['netns', 'add', neighbour]);
    try {
      const script = fileURLToPath(new URL('lab-until-killed.ts', import.meta.url));
      const child = spawn(process.execPath, [script, 'tlabc', join(folder, 'tlabc')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { pids } = JSON.parse(await firstLine(child.stdout)) as { pids: number[] };
      expect(pids).toHaveLength(2);
      await expect(sweepLab('tlabc', silentLogger)).rejects.toMatchObject({ code: 'LAB_ALREADY_RUNNING' });
      child.kill('SIGKILL');
      const gone = (): true | undefined => (pids.some((pid) => existsSync(`/proc/${pid}`)) ? undefined : true);
      await until(systemClock, 'the end of the machines', 5000, gone);
      expect(namespaces('usher-tlabc-')).not.toEqual([]);
      const swept = await sweepLab('tlabc', silentLogger);
      const left = ['pi-1', 'relay', 'router', 'switch'].map((name) => `usher-tlabc-${name}`);
      expect(swept.namespaces.sort()).toEqual(left);
      expect(namespaces('usher-tlabc-')).toEqual([]);
      expect(cgroups('usher-tlabc-')).toEqual([]);
      expect(namespaces(neighbour)).toEqual([neighbour]);
    } finally {
      execFileSync('ip', ['netns', 'delete', neighbour]);
    }
  });

  it('finds its disks at the next start, unless it is to forget them', async () => {
    const first = newLab('tlabc');
    await first.up();
    const box = await first.startMachine({ name: 'box', command: ['sleep', 'infinity'] });
    await box.exec(['sh', '-c', 'echo kept >/root/kept']);
    const startedMs = systemClock.nowMs();
    await first.down();
    expect(systemClock.nowMs() - startedMs).toBeLessThan(5000);
    for (const [fresh, expected] of [
      [false, 'kept\n'],
      [true, undefined],
    ] as const) {
      const again = newLab('tlabc', fresh);
      await again.up();
      const same = await again.startMachine({ name: 'box', command: ['sleep', 'infinity'] });
      expect(await same.readFile('/root/kept')).toBe(expected);
      await again.down();
    }
  });

  // Milliseconds after the first step: before, in the middle of, and after each thing that is made.
  it.each([0, 20, 60, 150, 400])('leaves nothing when it is taken down %i ms after its start', async (delayMs) => {
    const lab = newLab('tlabc');
    const coming = lab.up().then(() => lab.startMachine({ name: 'box', command: ['sleep', 'infinity'] }));
    const ended = coming.then(
      () => 'up',
      (error: unknown) => (isUsherError(error, 'STOPPED') ? 'stopped' : error),
    );
    await delay(delayMs);
    await lab.down();
    expect(['up', 'stopped']).toContain(await ended);
    expect(namespaces('usher-tlabc-')).toEqual([]);
    expect(cgroups('usher-tlabc-')).toEqual([]);
    await expect(lab.up()).rejects.toMatchObject({ code: 'STOPPED' });
  });
});

describe('a site', () => {
  it('is taken down within five seconds when it is interrupted', async () => {
    const stop = new AbortController();
    let abortedMs = 0;
    const coming = startSite({
      pis: 1,
      labName: 'tlabd',
      labDir: join(folder, 'tlabd'),
      k3sPath: process.execPath,
      signal: stop.signal,
      onProgress: ({ step, done }) => {
        if (step !== 'master' || !done) return;
        abortedMs = systemClock.nowMs();
        stop.abort();
      },
    });
    await expect(coming).rejects.toMatchObject({ code: 'STOPPED' });
    expect(systemClock.nowMs() - abortedMs).toBeLessThan(5000);
    expect(namespaces('usher-tlabd-')).toEqual([]);
    expect(cgroups('usher-tlabd-')).toEqual([]);
  });

  it('says what the appliance said when it does not come up', async () => {
    const options = { pis: 1, labName: 'tlabd', labDir: join(folder, 'tlabd'), k3sPath: process.execPath };
    const coming = startSite({ ...options, applianceArgs: ['--no-such-flag'] });
    await expect(coming).rejects.toMatchObject({ code: 'TOOL_FAILED' });
    await expect(coming).rejects.toThrow('no-such-flag');
    expect(namespaces('usher-tlabd-')).toEqual([]);
  });
});

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stream });
  const timer = setTimeout(() => lines.close(), 20_000);
  for await (const line of lines) {
    clearTimeout(timer);
    return line;
  }
  return '{"pids":[]}';
}

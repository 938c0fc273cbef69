import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { Agent, type AgentOptions } from '../../../bootstrap-image/agent/agent.ts';
import { ArtifactStore } from '../../../bootstrap-image/agent/adapters/artifacts.ts';
import type { DeviceConsole } from '../../../bootstrap-image/agent/adapters/console.ts';
import { type DeviceIdentity, loadOrMakeIdentity } from '../../../bootstrap-image/agent/adapters/device-key.ts';
import { Led } from '../../../bootstrap-image/agent/adapters/led.ts';
import { K3sNode } from '../../../bootstrap-image/agent/adapters/k3s-node.ts';
import { encodeQr } from '../../../bootstrap-image/agent/adapters/qr.ts';
import { systemNetwork } from '../../../bootstrap-image/agent/adapters/network.ts';
import type { Services } from '../../../bootstrap-image/agent/adapters/services.ts';
import { DeviceTime } from '../../../bootstrap-image/agent/adapters/system-time.ts';
import { beforeK3s, type BeforeK3sOutcome } from '../../../bootstrap-image/agent/before-k3s.ts';
import { checkIn, type CheckInOptions, type CheckInOutcome } from '../../../bootstrap-image/agent/check-in.ts';
import type { ConsoleView } from '../../../bootstrap-image/agent/core/console-text.ts';
import { type DevicePaths, devicePaths } from '../../../bootstrap-image/agent/core/device-paths.ts';
import type { LocalState } from '../../../bootstrap-image/agent/core/local-state.ts';
import type { FakeAppliance } from './fake-appliance.ts';

export const TOKEN = 'ush1.0123456789.abcdefghjkmnpqrstvwxyz0123';

/** The machine's time, but no timer waits for more than the events that are due already, and a test may jump ahead. */
export class HurriedClock implements Clock {
  aheadMs = 0;
  nowMs = (): number => Date.now() + this.aheadMs;
  after(_delayMs: number, run: () => void): () => void {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  }
}

/** A fake systemd that remembers what it was told. */
export class FakeServices implements Services {
  readonly calls: string[] = [];
  active = false;
  enabled = false;
  isActive = (): Promise<boolean> => Promise.resolve(this.active);
  isEnabled = (): Promise<boolean> => Promise.resolve(this.enabled);
  start = (unit: string): Promise<void> => this.#note('start', unit, () => (this.active = true));
  startSoon = (unit: string): Promise<void> => this.#note('start-soon', unit);
  stop = (unit: string): Promise<void> => this.#note('stop', unit, () => (this.active = false));
  restart = (unit: string): Promise<void> => this.#note('restart', unit);
  restartSoon = (unit: string): Promise<void> => this.#note('restart-soon', unit);
  enable = (unit: string): Promise<void> => this.#note('enable', unit, () => (this.enabled = true));
  disable = (unit: string): Promise<void> => this.#note('disable', unit, () => (this.enabled = false));

  #note(verb: string, unit: string, effect?: () => void): Promise<void> {
    this.calls.push(`${verb} ${unit}`);
    effect?.();
    return Promise.resolve();
  }
}

/** A device's disk in a temporary folder, and the agent on it. */
export class DeviceFolder {
  readonly root: string;
  readonly paths: DevicePaths;
  readonly services = new FakeServices();
  readonly views: ConsoleView[] = [];
  readonly clockSettings: number[] = [];
  readonly clock = new HurriedClock();

  private constructor(root: string) {
    this.root = root;
    this.paths = devicePaths(root);
  }

  static async make(): Promise<DeviceFolder> {
    const device = new DeviceFolder(await mkdtemp(join(tmpdir(), 'usher-agent-')));
    await device.write(device.paths.machineId, '0123456789abcdef0123456789abcdef\n');
    await device.write(device.paths.bootId, '11111111-2222-3333-4444-555555555555\n');
    await device.write(device.paths.cgroupControllers, 'cpu memory\n');
    await device.write(
      device.paths.routes,
      'Iface\tDestination\tGateway\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n',
    );
    return device;
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  async write(path: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  /** A device file with a USB device behind it, as sysfs shows it: of what USB says, a file each. */
  async plugUsb(name: string, said: Record<string, string>, ofClass = 'tty'): Promise<void> {
    await this.write(join(this.paths.devices, name), '');
    const usb = join(this.root, 'sys/devices/platform/usb1', name);
    for (const [file, text] of Object.entries(said)) await this.write(join(usb, file), `${text}\n`);
    await mkdir(join(usb, '1-1:1.0/port'), { recursive: true });
    const link = join(this.paths.deviceClasses, ofClass, name, 'device');
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(usb, '1-1:1.0/port'), link);
  }

  /** A card that belongs to no site; with `code`, that of its label. */
  async writeGenericCard(urls: readonly string[], code?: string): Promise<void> {
    const card = { v: 1, issuedAt: '2026-01-01T00:00:00Z', urls, claimBase: 'https://usher.local', code };
    await this.write(this.paths.card, JSON.stringify(card, null, 2));
  }

  async writeCard(appliance: Pick<FakeAppliance, 'url' | 'caPem'>, token: string | null = TOKEN): Promise<void> {
    const card = { v: 1, issuedAt: '2026-01-01T00:00:00Z', urls: [appliance.url], caPem: appliance.caPem, token };
    await this.write(this.paths.card, JSON.stringify(card, null, 2));
  }

  /** The text of a file; undefined when there is none. */
  async read(path: string): Promise<string | undefined> {
    return readFile(path, 'utf8').catch(() => undefined);
  }

  async state(): Promise<LocalState> {
    return JSON.parse((await this.read(this.paths.state)) ?? '{}') as LocalState;
  }

  identity(): Promise<DeviceIdentity> {
    return loadOrMakeIdentity(this.paths.deviceKey, silentLogger);
  }

  /** One start of the agent, on real files and TLS, with a fake systemd and clock setter. */
  async agent(instead: Partial<AgentOptions> = {}): Promise<Agent> {
    const console: DeviceConsole = { show: (view) => Promise.resolve(void this.views.push(view)) };
    const { network, k3s, time } = this.#parts();
    return new Agent({
      paths: this.paths,
      identity: await this.identity(),
      k3s,
      artifacts: new ArtifactStore({ paths: this.paths, logger: silentLogger }),
      network,
      time,
      console,
      encodeQr,
      led: new Led(this.paths, silentLogger),
      clock: this.clock,
      random: systemRandom,
      logger: silentLogger,
      ...instead,
    });
  }

  async checkIn(): Promise<CheckInOutcome> {
    return checkIn(await this.#checkInOptions());
  }

  async beforeK3s(): Promise<BeforeK3sOutcome> {
    return beforeK3s(await this.#checkInOptions());
  }

  async #checkInOptions(): Promise<CheckInOptions> {
    const { network, k3s, time } = this.#parts();
    const { paths, services, clock } = this;
    const identity = await this.identity();
    return { paths, identity, k3s, services, network, time, clock, random: systemRandom, logger: silentLogger };
  }

  /** A `systemctl` for a real agent process: keeps its state under the root, and plays k3s making its certificate. */
  async installFakeSystemctl(): Promise<string> {
    const bin = join(this.root, 'bin');
    const script = join(bin, 'systemctl');
    await this.write(script, SYSTEMCTL.replaceAll('@ROOT@', this.root));
    await chmod(script, 0o755);
    return bin;
  }

  #parts(): { network: ReturnType<typeof systemNetwork>; k3s: K3sNode; time: DeviceTime } {
    const network = { ...systemNetwork(this.paths.routes), gateways: () => Promise.resolve(['192.0.2.1']) };
    const k3s = new K3sNode({ paths: this.paths, services: this.services, network, logger: silentLogger });
    const setClock = (ms: number): Promise<void> => Promise.resolve(void this.clockSettings.push(ms));
    const synchronisedPath = this.paths.clockSynchronised;
    const time = new DeviceTime({ clock: this.clock, setClock, synchronisedPath, logger: silentLogger });
    return { network, k3s, time };
  }
}

const SYSTEMCTL = `#!/bin/sh
root=@ROOT@
verb=$1
for unit; do :; done
echo "$verb $unit" >>$root/systemctl.log
crash() { [ "$(cat $root/crash-at 2>/dev/null)" != "$1" ] || { rm $root/crash-at; kill -9 $PPID; exit 1; }; }
crash "before $verb"
case $verb in
is-active) [ -e $root/active ]; exit $? ;;
is-enabled) [ -e $root/enabled ]; exit $? ;;
start)
  touch $root/active
  mkdir -p $root/var/lib/rancher/k3s/agent
  # As k3s does: a certificate that is there is used, else one is made with the token.
  cert=$root/var/lib/rancher/k3s/agent/client-kubelet.crt
  [ -e $cert ] || grep ^token: $root/etc/rancher/k3s/config.yaml >$cert ;;
stop) rm -f $root/active ;;
enable) touch $root/enabled ;;
disable) rm -f $root/enabled ;;
esac
crash "after $verb"
exit 0
`;

import { UsherError } from '../foundation/errors.ts';
import { DHCP_HOSTS_FILE } from './core/address-plan.ts';
import { checkSetting, type WeatherSetting } from './core/control.ts';
import { LAB_FOLDER } from './core/mount-plan.ts';
import { SWITCH } from './core/names.ts';
import type { Machine } from './machine.ts';
import type { LabNetwork } from './network.ts';

/** What the weather of a lab acts on. */
export interface WeatherOptions {
  readonly network: LabNetwork;
  /** @throws UsherError LAB_MACHINE_UNKNOWN */
  readonly machine: (name: string) => Machine;
  readonly machines: () => readonly Machine[];
  /** The DHCP server. */
  readonly router: () => Machine;
  /** Ports of the host that led to one address lead to another one. */
  readonly redirect: (from: string, to: string) => void;
}

/** What happens to the machines of a site by themselves: cables, addresses, clocks and disks. */
export class Weather {
  readonly #options: WeatherOptions;

  constructor(options: WeatherOptions) {
    this.#options = options;
  }

  /** Does what `usher lab SETTING MACHINE VALUE` says. @throws UsherError CONFIG_INVALID, LAB_MACHINE_… */
  async set(machine: string, setting: WeatherSetting, value: string): Promise<void> {
    checkSetting(setting, value);
    if (setting === 'link') await this.setLink(machine, value === 'up');
    else if (setting === 'address') await this.setAddress(machine, value);
    else if (setting === 'clock') await this.#options.machine(machine).setClock(value === 'right' ? undefined : value);
    else await this.setDisk(machine, value === 'full');
  }

  /**
   * Takes a machine's interface down (with all its routes, as an administrator does) or up. Of the machine `switch` all
   * ports at once: every machine with a cable in it sees its carrier go.
   */
  async setLink(name: string, up: boolean): Promise<void> {
    const { network, machines } = this.#options;
    if (name === SWITCH) {
      const plugged = machines().filter(({ isOn, isPlugged }) => isOn && isPlugged);
      await network.setPorts(
        plugged.map((machine) => machine.name),
        up,
      );
      return;
    }
    const machine = this.#on(name);
    await network.setLink(name, up);
    // A fixed default route went with the link and nobody else brings it back.
    if (up && machine.fixedAddress !== undefined) await network.setAddress(name, machine.fixedAddress);
  }

  /** Another address: of a machine with a fixed one at once, of one by DHCP when the router refuses its lease. */
  async setAddress(name: string, address: string): Promise<void> {
    const { network, redirect } = this.#options;
    const machine = this.#options.machine(name);
    const before = machine.fixedAddress;
    if (before === undefined) {
      await this.#changeLease(this.#on(name), address);
      return;
    }
    machine.fixedAddress = address;
    if (machine.isOn) {
      await network.dropAddresses(name);
      await network.setAddress(name, address);
    }
    redirect(before, address);
  }

  /** Leaves no byte free on the data disk of a machine that was made with one, or gives it back all its room. */
  async setDisk(name: string, full: boolean): Promise<void> {
    const machine = this.#on(name);
    const { dataDiskMiB } = machine.spec;
    if (dataDiskMiB === undefined)
      throw new UsherError('CONFIG_INVALID', { detail: `machine ${name} has no data disk of its own` });
    // It lives in memory: its size is a setting, and nothing need be written to fill it.
    // 0 would mean without a limit.
    const used = '$(df --output=used -k /var/lib/rancher | tail -n 1)';
    const size = full ? `$((${used} > 4 ? ${used} : 4))k` : `${String(dataDiskMiB)}m`;
    await machine.exec(['sh', '-c', `mount -o remount,size=${size} /var/lib/rancher`]);
  }

  async #changeLease(machine: Machine, address: string): Promise<void> {
    const router = this.#options.router();
    await router.exec([
      'sh',
      '-c',
      'echo "$0,$1" >>"$2"; pkill -HUP -x dnsmasq',
      machine.spec.mac,
      address,
      DHCP_HOSTS_FILE,
    ]);
    // What it asks for at half of its lease's time, at once.
    await machine.exec(['sh', '-c', `kill -USR1 "$(cat ${LAB_FOLDER}/udhcpc.pid)"`]);
  }

  #on(name: string): Machine {
    const machine = this.#options.machine(name);
    if (!machine.isOn) throw new UsherError('LAB_MACHINE_OFF', { machine: name });
    return machine;
  }
}

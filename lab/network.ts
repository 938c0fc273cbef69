import { readdir } from 'node:fs/promises';
import { LAN } from './core/address-plan.ts';
import { labPrefix, namespaceOf, portOf, SWITCH } from './core/names.ts';
import { mustRun, runTool } from './tools.ts';
import { hasErrno } from '../foundation/errors.ts';

const BRIDGE = 'br.lan';
const NAMESPACES = '/run/netns';

/**
 * The cables and the switch of a lab. Everything is made inside its own namespaces: the host's own namespace gets
 * neither interface nor address nor route.
 */
export class LabNetwork {
  readonly #lab: string;
  readonly #switch: string;

  constructor(lab: string) {
    this.#lab = lab;
    this.#switch = namespaceOf(lab, SWITCH);
  }

  /** Path by which `nsenter --net=` enters a machine's network. */
  pathOf(machine: string): string {
    return `${NAMESPACES}/${namespaceOf(this.#lab, machine)}`;
  }

  /** Makes the switch: a bridge in a namespace of its own. */
  async makeSwitch(): Promise<void> {
    await mustRun('ip', ['netns', 'add', this.#switch]);
    await this.#inSwitch([
      'link set lo up',
      `link add ${BRIDGE} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set ${BRIDGE} up`,
    ]);
  }

  /** A machine's network interface, fresh as after power-on, its cable in the switch when `plugged`. */
  async attach(machine: string, mac: string, plugged: boolean): Promise<void> {
    const namespace = namespaceOf(this.#lab, machine);
    const port = portOf(machine);
    await mustRun('ip', ['netns', 'add', namespace]);
    await this.#batch(namespace, [
      'link set lo up',
      `link add eth0 address ${mac} type veth peer name ${port} netns ${this.#switch}`,
    ]);
    await this.#inSwitch([`link set ${port} master ${BRIDGE}`, `link set ${port} ${plugged ? 'up' : 'down'}`]);
    await this.#batch(namespace, ['link set eth0 up']);
  }

  /** Gives the machine a fixed address and, unless it is the router itself, a default route by the router. */
  async setAddress(machine: string, address: string): Promise<void> {
    const commands = [`address replace ${address}/${LAN.prefixLength} broadcast + dev eth0`];
    if (address !== LAN.router) commands.push(`route replace default via ${LAN.router}`);
    await this.#batch(namespaceOf(this.#lab, machine), commands);
  }

  /** Takes all addresses from a machine, and with them its routes. */
  async dropAddresses(machine: string): Promise<void> {
    await this.#batch(namespaceOf(this.#lab, machine), ['address flush dev eth0 scope global']);
  }

  /** Takes the machine's own end of its cable down, or up. */
  async setLink(machine: string, up: boolean): Promise<void> {
    await this.#batch(namespaceOf(this.#lab, machine), [`link set eth0 ${up ? 'up' : 'down'}`]);
  }

  /** Takes the switch's ports of these machines down, or up. */
  async setPorts(machines: readonly string[], up: boolean): Promise<void> {
    await this.#inSwitch(machines.map((machine) => `link set ${portOf(machine)} ${up ? 'up' : 'down'}`));
  }

  /** Puts the cable in, or pulls it out: the machine sees its carrier come and go. */
  async setPlugged(machine: string, plugged: boolean): Promise<void> {
    await this.#inSwitch([`link set ${portOf(machine)} ${plugged ? 'up' : 'down'}`]);
  }

  /** The machine's IPv4 address as its kernel has it now, or undefined. */
  async addressOf(machine: string): Promise<string | undefined> {
    const args = [
      '-n',
      namespaceOf(this.#lab, machine),
      '-4',
      '-o',
      'address',
      'show',
      'dev',
      'eth0',
      'scope',
      'global',
    ];
    const { stdout } = await runTool('ip', args);
    return / inet ([0-9.]+)\//.exec(stdout)?.[1];
  }

  /** Removes the machine's interface, its switch port and its namespace; nothing happens when they are gone. */
  async detach(machine: string): Promise<void> {
    const namespace = namespaceOf(this.#lab, machine);
    // The namespace lives on while a process is in it; its interface must not.
    await runTool('ip', ['-n', namespace, 'link', 'delete', 'eth0']);
    await runTool('ip', ['netns', 'delete', namespace]);
  }

  /** Removes every namespace of this lab, whoever left it. */
  async removeAll(): Promise<string[]> {
    const names = (await this.#list()).filter((name) => name.startsWith(labPrefix(this.#lab)));
    for (const name of names) await this.detach(name.slice(labPrefix(this.#lab).length));
    return names;
  }

  async #list(): Promise<string[]> {
    try {
      return await readdir(NAMESPACES);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #inSwitch(commands: readonly string[]): Promise<void> {
    await this.#batch(this.#switch, commands);
  }

  async #batch(namespace: string, commands: readonly string[]): Promise<void> {
    await mustRun('ip', ['-n', namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });
  }
}

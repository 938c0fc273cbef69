import { z } from 'zod';
import { SECRET, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { Relay } from '../../../lab/relay.ts';
import { LAN } from '../../../lab/core/address-plan.ts';
import type { Machine } from '../../../lab/machine.ts';
import { CardFile, ENROL_PORT } from '../../../join/protocol/messages.ts';
import { clientCertificate, TestDevice, type ClientCertificate } from '../../support/test-device.ts';
import type { RunningSite } from './running-site.ts';

/** Everything that a card made by the appliance holds. */
export const Card = CardFile.extend({ token: z.string() });
export type Card = z.infer<typeof Card>;

/** A card with a token of its own, as an operator makes one. */
export async function newCard(
  { client }: RunningSite,
  options: { note?: string } = {},
): Promise<Card & { tokenId: string }> {
  const { card, view } = await client.createToken({ kind: 'card', ...options });
  return { ...Card.parse(card), tokenId: view.tokenId };
}

/** The token of a card whose time is over. Nobody can order one, so an administrator sets its end back. */
export async function expiredToken(running: RunningSite): Promise<string> {
  const { token, tokenId } = await newCard(running);
  const expiresAt = Buffer.from('2026-01-01T00:00:00.000Z').toString('base64');
  const name = { name: `enrol-token-${tokenId}`, namespace: USHER_NAMESPACE };
  await running.kube.mergePatch(SECRET, name, { data: { expiresAt } });
  return token;
}

/** A machine of somebody else in the site's switch. What its devices send reaches the appliance from its address. */
export class Stranger {
  readonly machine: Machine;
  /** Port on the host's loopback that leads, from the stranger's machine, to the appliance's device API. */
  readonly port: number;
  readonly #relay: Relay;
  readonly #caPem: string;
  readonly #devices: TestDevice[] = [];

  private constructor(machine: Machine, relay: Relay, port: number, caPem: string) {
    this.machine = machine;
    this.#relay = relay;
    this.port = port;
    this.#caPem = caPem;
  }

  /** Plugs in a machine with a fixed address, which ends in `host`; `caPem` is what its devices pin. */
  static async plugIn({ site }: RunningSite, host: number, caPem: string): Promise<Stranger> {
    const machine = await site.lab.startMachine({
      name: `stranger-${String(host)}`,
      command: ['sleep', 'infinity'],
      addressing: { kind: 'static', address: LAN.master.replace(/\d+$/, String(host)) },
    });
    const relay = new Relay(site.lab.namespacePath(machine.name));
    return new Stranger(machine, relay, await relay.open({ host: LAN.master, port: ENROL_PORT }), caPem);
  }

  /** A device at this machine, with a new key unless one is given. */
  async device(certificate?: ClientCertificate): Promise<TestDevice> {
    const device = new TestDevice(this.port, this.#caPem, certificate ?? (await clientCertificate()));
    this.#devices.push(device);
    return device;
  }

  /** Closes connections and the way in; the machine goes with the lab. */
  async close(): Promise<void> {
    for (const device of this.#devices) device.close();
    await this.#relay.close();
  }
}

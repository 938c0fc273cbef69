import { readdir } from 'node:fs/promises';
import type { JoinTicket } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { isKubeletCredential, k3sAgentConfig, type LocalLink, nodePasswordFile } from '../core/k3s-config.ts';
import { diskError, isMissing, removeDurably, writeDurably } from './durable-file.ts';
import type { Network } from './network.ts';
import { readText } from './read-file.ts';
import type { Services } from './services.ts';

const UNIT = 'k3s-agent.service';

export interface K3sNodeOptions {
  readonly paths: DevicePaths;
  readonly services: Services;
  readonly network: Network;
}

/** k3s-agent on this device: its files and its service. */
export class K3sNode {
  readonly #options: K3sNodeOptions;

  constructor(options: K3sNodeOptions) {
    this.#options = options;
  }

  /**
   * Makes room for a ticket that was not used here before: k3s-agent stops, and the old kubelet certificate goes. With
   * an old certificate a new ticket never works (contract line 9): the API server refuses it, and k3s goes on using it.
   */
  async clearForNewTicket(): Promise<void> {
    const { services, paths } = this.#options;
    const credentials = (await filesIn(paths.k3sAgent)).filter(isKubeletCredential);
    if (credentials.length > 0 || (await this.isConfigured())) await services.stop(UNIT);
    await this.removeKubeletCredentials();
  }

  /** Removes the kubelet's certificate and key. Only while k3s-agent is down. */
  async removeKubeletCredentials(): Promise<void> {
    const folder = this.#options.paths.k3sAgent;
    const credentials = (await filesIn(folder)).filter(isKubeletCredential);
    for (const name of credentials) await removeDurably(`${folder}/${name}`);
  }

  /** Writes what a ticket says; when this returns it survives a power cut. */
  async write(ticket: JoinTicket): Promise<void> {
    const { paths } = this.#options;
    const link = await this.#linkWithoutDefaultRoute();
    const config = k3sAgentConfig({
      server: ticket.server,
      token: ticket.token,
      nodeName: ticket.nodeName,
      cgroupV1: (await readText(paths.cgroupControllers)) === undefined,
      ...(ticket.pauseImage === undefined ? {} : { pauseImage: ticket.pauseImage }),
      ...(link === undefined ? {} : { link }),
    });
    await Promise.all([
      writeDurably(paths.nodePassword, nodePasswordFile(ticket.nodePassword), 0o600),
      writeDurably(paths.k3sConfig, config, 0o600),
    ]);
  }

  /**
   * Starts k3s-agent and makes it start at every boot. In this order: enabling makes systemd read all its units again,
   * which takes its time on a Pi.
   */
  async start(): Promise<void> {
    await this.#options.services.start(UNIT);
    await this.#options.services.enable(UNIT);
  }

  async stopForGood(): Promise<void> {
    const { services } = this.#options;
    if (await services.isActive(UNIT)) await services.stop(UNIT);
    if (await services.isEnabled(UNIT)) await services.disable(UNIT);
  }

  isActive(): Promise<boolean> {
    return this.#options.services.isActive(UNIT);
  }

  async isConfigured(): Promise<boolean> {
    return (await readText(this.#options.paths.k3sConfig)) !== undefined;
  }

  async #linkWithoutDefaultRoute(): Promise<LocalLink | undefined> {
    const { network } = this.#options;
    if ((await network.gateways()).length > 0) return undefined;
    return network.links().find(({ ip }) => !ip.includes(':'));
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(error, folder, folder);
  }
}

import { readdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { UsherError } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { JoinTicket } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import {
  hasMoved,
  isKubeletCredential,
  k3sAgentConfig,
  type LocalLink,
  nodePasswordFile,
  wayToServer,
  withPlace,
} from '../core/k3s-config.ts';
import { diskError, isMissing, removeDurably, writeDurably } from './durable-file.ts';
import { lanAddresses, type Network } from './network.ts';
import { readText } from './read-file.ts';
import type { Services } from './services.ts';
import { parseJson } from './state-file.ts';
import { answers } from './supervisor.ts';

const UNIT = 'k3s-agent.service';
/** What k3s unpacks at its first start, and a first image. */
const ROOM_FOR_K3S_BYTES = 256 * 2 ** 20;
const Addresses = z.array(z.string());

export interface K3sNodeOptions {
  readonly paths: DevicePaths;
  readonly services: Services;
  readonly network: Network;
  readonly logger: Logger;
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
    await this.rememberAddresses();
    await this.#options.services.start(UNIT);
    await this.#options.services.enable(UNIT);
  }

  /** Notes by which addresses this device goes when k3s starts. */
  async rememberAddresses(): Promise<void> {
    const { network, paths } = this.#options;
    await writeDurably(paths.k3sAddresses, `${JSON.stringify(lanAddresses(network))}\n`, 0o600);
  }

  /**
   * Follows the appliance to another address, and this device's own to another lease: k3s itself does neither. A server
   * that still answers is left alone, however else the appliance may be reached.
   * @param server URL of the k3s supervisor by the appliance's own word; undefined keeps the present one
   * @param restart `no-wait` for whoever k3s-agent itself waits for
   * @returns whether k3s-agent was, or will be, started anew
   * @throws UsherError DISK_FULL, TOOL_FAILED
   */
  async follow(server: string | undefined, restart: 'wait' | 'no-wait'): Promise<boolean> {
    const { paths, services, network, logger } = this.#options;
    const config = await readText(paths.k3sConfig);
    const way = wayToServer(config ?? '');
    if (config === undefined || way === undefined) return false;
    const isElsewhere = server !== undefined && server !== way.server && !(await answers(way, logger));
    const moved = hasMoved(await this.#startAddresses(), lanAddresses(network));
    if (!isElsewhere && !moved) return false;
    const fresh = withPlace(config, isElsewhere ? server : way.server, await this.#linkWithoutDefaultRoute());
    if (fresh !== config) await writeDurably(paths.k3sConfig, fresh, 0o600);
    logger.warn({ server: isElsewhere ? server : way.server, moved }, 'k3s follows a change of address');
    await this.rememberAddresses();
    // One that is not running yet (at boot it waits for us) or any more reads the file when it is started.
    if (await services.isActive(UNIT)) await (restart === 'wait' ? services.restart(UNIT) : services.restartSoon(UNIT));
    return true;
  }

  /** @throws UsherError DISK_FULL when k3s would not have the room it needs for a start */
  async checkRoom(): Promise<void> {
    for (let folder = this.#options.paths.k3sAgent; ; folder = dirname(folder)) {
      try {
        const { bavail, bsize } = await statfs(folder);
        if (bavail * bsize < ROOM_FOR_K3S_BYTES) throw new UsherError('DISK_FULL', { what: 'k3s', path: folder });
        return;
      } catch (error) {
        if (!isMissing(error)) throw diskError(error, 'k3s', folder);
      }
    }
  }

  /** Stops k3s-agent, and keeps it from starting with the device. */
  async stopForGood(): Promise<void> {
    const { services } = this.#options;
    // Always: a start that waits for the check-in at boot, or for the next try after a crash, does not show as active.
    await services.stop(UNIT);
    if (await services.isEnabled(UNIT)) await services.disable(UNIT);
  }

  isActive(): Promise<boolean> {
    return this.#options.services.isActive(UNIT);
  }

  async isConfigured(): Promise<boolean> {
    return (await readText(this.#options.paths.k3sConfig)) !== undefined;
  }

  async #startAddresses(): Promise<readonly string[]> {
    const parsed = Addresses.safeParse(parseJson((await readText(this.#options.paths.k3sAddresses)) ?? ''));
    return parsed.success ? parsed.data : [];
  }

  async #linkWithoutDefaultRoute(): Promise<LocalLink | undefined> {
    const { network } = this.#options;
    if ((await network.gateways()).length > 0) return undefined;
    const links = network.links().filter(({ ip }) => !ip.includes(':'));
    const lan = lanAddresses(network);
    return links.find(({ ip }) => lan.includes(ip)) ?? links[0];
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

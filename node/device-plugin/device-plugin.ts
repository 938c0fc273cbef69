import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type CancelTimer, type Clock } from '../../foundation/clock.ts';
import { asUsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type DevicePluginApi, devicePluginApi, KUBELET_SOCKET } from './kubelet-api.ts';
import { DeviceResource } from './offers.ts';
import { type Resource, ResourceServer } from './resource-server.ts';

export interface DevicePluginOptions {
  /** The kubelet's folder of device plugins, as it is seen from here. */
  readonly folder: string;
  /** The host's /dev, as it is seen from here: what happens there is looked at once. */
  readonly devFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two looks when nothing was heard: folders below /dev and sysfs tell nobody. */
const LOOK_AGAIN_MS = 1_000;

interface Offered {
  readonly resource: Resource;
  server: ResourceServer | undefined;
}

/**
 * Offers resources to the kubelet of this node, follows what is plugged and unplugged, and offers all of them anew when
 * the kubelet was started anew (it forgets its plugins and empties their folder then).
 */
export class DevicePlugin {
  readonly #options: DevicePluginOptions;
  readonly #api: DevicePluginApi = devicePluginApi();
  readonly #offered = new Map<string, Offered>();
  readonly #watchers: FSWatcher[] = [];
  #kubelet: string | undefined;
  #timer: CancelTimer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isLookQueued = false;
  #stopped = false;

  constructor(options: DevicePluginOptions) {
    this.#options = options;
  }

  start(): void {
    for (const folder of [this.#options.devFolder, this.#options.folder]) this.#follow(folder);
    this.look();
  }

  /** Offers exactly these resources from now on. */
  offer(resources: readonly Resource[]): void {
    this.#queue(async () => {
      const wanted = new Map(resources.map((resource) => [resource.name, resource]));
      for (const [name, { server }] of this.#offered) {
        if (wanted.has(name)) continue;
        server?.stop();
        this.#offered.delete(name);
      }
      for (const [name, resource] of wanted) {
        if (!this.#offered.has(name)) this.#offered.set(name, { resource, server: undefined });
      }
      await this.#lookNow();
    });
  }

  /** Looks at the host and at the kubelet soon; calls while a look is under way are one more look. */
  look(): void {
    if (this.#isLookQueued) return;
    this.#isLookQueued = true;
    this.#queue(() => {
      this.#isLookQueued = false;
      return this.#lookNow();
    });
  }

  /** Ends all servers: the kubelet counts their resources as gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.();
    for (const watcher of this.#watchers) watcher.close();
    await this.#turn;
    for (const { server } of this.#offered.values()) server?.stop();
  }

  #follow(folder: string): void {
    try {
      const watcher = watch(folder, () => this.look());
      watcher.on('error', (error) =>
        this.#options.logger.warn({ folder, detail: error.message }, 'a folder is not followed'),
      );
      this.#watchers.push(watcher);
    } catch (error) {
      this.#options.logger.warn({ folder, detail: asUsherError(error).message }, 'a folder is not followed');
    }
  }

  #queue(work: () => Promise<void>): void {
    this.#turn = this.#turn
      .then(async () => {
        if (!this.#stopped) await work();
      })
      .catch((error: unknown) => this.#options.logger.error({ detail: asUsherError(error).message }, 'a look failed'));
  }

  async #lookNow(): Promise<void> {
    this.#timer?.();
    const kubelet = await identityOf(join(this.#options.folder, KUBELET_SOCKET));
    if (kubelet !== this.#kubelet) this.#forgetServers();
    this.#kubelet = kubelet;
    for (const offered of this.#offered.values()) await this.#bring(offered);
    this.#timer = this.#options.clock.after(LOOK_AGAIN_MS, () => this.look(), 'hold');
  }

  async #bring(offered: Offered): Promise<void> {
    const { resource } = offered;
    const isChanged = resource instanceof DeviceResource && (await resource.look());
    if (offered.server !== undefined) {
      if (isChanged) offered.server.update();
      return;
    }
    if (this.#kubelet === undefined) return;
    const endpoint = `usher-${createHash('sha256').update(resource.name).digest('hex').slice(0, 16)}.sock`;
    // Offered anew at the next look, not at once: a kubelet that hangs up each time is not asked without a pause.
    const onLost = (): void => {
      if (offered.server !== server) return;
      this.#options.logger.warn({ resource: resource.name }, 'the kubelet no longer listens: offering it again');
      server.stop();
      offered.server = undefined;
    };
    const { folder } = this.#options;
    const server = new ResourceServer({ api: this.#api, folder, endpoint, resource, onLost });
    try {
      await server.start();
      offered.server = server;
      this.#options.logger.info({ resource: resource.name, count: resource.listed().length }, 'offered to the kubelet');
    } catch (error) {
      server.stop();
      const { code, message } = asUsherError(error);
      this.#options.logger.warn({ code, detail: message }, 'not offered yet');
    }
  }

  #forgetServers(): void {
    for (const offered of this.#offered.values()) {
      offered.server?.stop();
      offered.server = undefined;
    }
  }
}

/** Tells one incarnation of a socket from the next; undefined when there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : `${String(found.ino)} ${String(found.birthtimeMs)}`;
}

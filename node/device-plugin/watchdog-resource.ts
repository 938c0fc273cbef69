import { z } from 'zod';
import type { Clock } from '../../foundation/clock.ts';
import { WATCHDOG_STATES, watchdogResource, type WatchdogState } from '../../k8s/core/sensor-service/watchdog.ts';
import { readHealth } from '../health-file.ts';
import type { ContainerAllocation, ListedDevice } from './kubelet-api.ts';
import type { Resource } from './resource-server.ts';

const HealthSchema = z.object({ watchdog: z.object({ state: z.enum(WATCHDOG_STATES) }) });

/** What the standby of this node says about the watchdog; undefined when it says nothing, or is not well. */
export function watchdogSeen(healthPath: string, monotonic: Clock): WatchdogState | undefined {
  const health = HealthSchema.safeParse(readHealth(healthPath, monotonic));
  return health.success ? health.data.watchdog.state : undefined;
}

/** Tells by its name what the node has of a watchdog. Nobody asks for it, and whoever did would get nothing by it. */
export class WatchdogResource implements Resource {
  readonly name: string;

  constructor(state: WatchdogState) {
    this.name = watchdogResource(state);
  }

  listed(): readonly ListedDevice[] {
    return [{ ID: 'watchdog', health: 'Healthy' }];
  }

  async allocate(): Promise<ContainerAllocation> {
    return Promise.resolve({ mounts: [], devices: [] });
  }
}

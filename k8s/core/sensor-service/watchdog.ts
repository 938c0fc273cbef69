import type { Node } from '../resources.ts';
import type { SensorService } from './sensor-service.ts';

/** The domain of the extended resource by which a node tells of its watchdog: one piece of the one that is true. */
export const WATCHDOG_DOMAIN = 'watchdog.usher.internal';

/**
 * What a node has of a hardware watchdog that Usher can use, the worst first:
 * - `none`: there is none;
 * - `unreadable`: it cannot be opened, its kernel does not say how long it waits, or that is less than 10 seconds;
 * - `in-use`: another program has it, as systemd does;
 * - `too-slow`: it resets the node later than those who take over wait;
 * - `ready`: it can be armed, and nothing on the node asks for it;
 * - `armed`: the standby keeps it from resetting the node, as long as it can.
 */
export const WATCHDOG_STATES = ['none', 'unreadable', 'in-use', 'too-slow', 'ready', 'armed'] as const;

/** See {@link WATCHDOG_STATES}. */
export type WatchdogState = (typeof WATCHDOG_STATES)[number];

/** Why the watchdog of a node does not help. */
export interface WatchdogProblem {
  readonly reason:
    'NoWatchdog' | 'WatchdogUnreadable' | 'HeldBySystemd' | 'WatchdogTooSlow' | 'WatchdogNotArmed' | 'WatchdogNotSeen';
  /** One sentence, with what to do. */
  readonly message: string;
}

/** The extended resource of which a node offers one while its watchdog is so. */
export function watchdogResource(state: WatchdogState): string {
  return `${WATCHDOG_DOMAIN}/${state}`;
}

/** What the node says about its watchdog; undefined while `usher-node` says nothing. */
export function watchdogOf({ status }: Node): WatchdogState | undefined {
  return WATCHDOG_STATES.find((state) => (status?.allocatable?.[watchdogResource(state)] ?? '0') !== '0');
}

/** Why the watchdog of the node would not reset it now; undefined when it would. */
export function watchdogProblem(node: Node): WatchdogProblem | undefined {
  const { name } = node.metadata;
  switch (watchdogOf(node)) {
    case 'armed':
      return undefined;
    case 'ready':
      return {
        reason: 'WatchdogNotArmed',
        message: `the watchdog of node ${name} is not armed yet: wait some seconds`,
      };
    case 'too-slow':
      return {
        reason: 'WatchdogTooSlow',
        message: `the watchdog of node ${name} waits longer than 15 seconds: set a shorter time in its driver`,
      };
    case 'in-use':
      return {
        reason: 'HeldBySystemd',
        message: `another program has the watchdog of node ${name}: set RuntimeWatchdogSec=off for its systemd, and restart it`,
      };
    case 'unreadable':
      return {
        reason: 'WatchdogUnreadable',
        message: `the watchdog of node ${name} cannot be used: the log of usher-node there says why`,
      };
    case 'none':
      return {
        reason: 'NoWatchdog',
        message: `node ${name} has no hardware watchdog: switch it on, or use a board that has one`,
      };
    case undefined:
      return {
        reason: 'WatchdogNotSeen',
        message: `usher-node has not said yet whether node ${name} has a hardware watchdog`,
      };
  }
}

/**
 * Why the node may not hold a unit of the service: hazard High needs a watchdog. One that is not armed yet is armed as soon
 * as the node may hold it. What is unknown keeps nobody from going on, only from beginning: `isHolder`.
 */
export function watchdogBar(node: Node, { spec }: SensorService, isHolder: boolean): WatchdogProblem | undefined {
  if (spec.actuator?.hazard !== 'High') return undefined;
  const problem = watchdogProblem(node);
  if (problem === undefined || problem.reason === 'WatchdogNotArmed') return undefined;
  if (problem.reason === 'WatchdogNotSeen' && isHolder) return undefined;
  return { ...problem, message: `${problem.message}; without it hazard High may not run there` };
}

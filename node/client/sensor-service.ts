import { monotonicClock } from '../grant-protocol/monotonic-clock.ts';
import { Broker, type CommandHandler, type MessageHandler } from './broker.ts';
import { readEnvironment, type ServiceEnvironment } from './environment.ts';
import { GrantKeeper, type Role, type RoleHandlers } from './grant-keeper.ts';

export type { Command, CommandHandler, Message, MessageHandler } from './broker.ts';
export type { ServiceEnvironment } from './environment.ts';
export type { Ending, Role, RoleHandlers } from './grant-keeper.ts';

export interface SensorServiceOptions extends RoleHandlers {
  /** Commands for a unit of which this is the active one; all others are refused before they get here. */
  readonly onCommand?: CommandHandler;
  /** Other messages of the declared filters. */
  readonly onMessage?: MessageHandler;
  /** Instead of the container's own environment. */
  readonly environment?: ServiceEnvironment;
}

/** A sensor service's place in the site: its roles, and its topics. */
export interface SensorService {
  readonly environment: ServiceEnvironment;
  /** The roles it has now. */
  roles(): Role[];
  /** Says that it can be active, once its device is open. Until then another node is. */
  ready(): void;
  /**
   * Acts as the active one of a unit: looks at the clock and calls `act` in the same breath; `windowMs` is how long the act
   * takes at most.
   * @throws UsherError GRANT_MISSING
   */
  act<T>(unit: string, act: (role: Role) => T, windowMs?: number): T;
  /**
   * Publishes on a declared topic (as it is written in the SensorService, with `{unit}` in it), with epoch, unit and node.
   * Without a connection to the broker the message is dropped, and false is given: when there is one again, another node
   * may be active. What is retained is to be published again from time to time.
   * @throws UsherError GRANT_MISSING when it is not the active one, SERVICE_ENVIRONMENT_INVALID when the topic is not declared
   */
  publish(unit: string, topic: string, payload: string | Uint8Array): boolean;
  /** Ends all roles in order: safe states, then the standby is told, then the connections end. */
  close(): Promise<void>;
}

/**
 * Starts a sensor service in its container. SIGTERM and SIGINT close it and end the process.
 * @throws UsherError SERVICE_ENVIRONMENT_INVALID
 */
export function startSensorService(options: SensorServiceOptions): SensorService {
  const environment = options.environment ?? readEnvironment();
  const keeper = new GrantKeeper({
    socketPath: environment.grantSocket,
    podUid: environment.podUid,
    clock: monotonicClock,
    handlers: {
      onGrant: async (role) => {
        broker?.begin(role);
        await options.onGrant(role);
      },
      onEnd: async (role, ending) => {
        broker?.end(role, ending.reason);
        await options.onEnd(role, ending);
      },
      ...(options.onError === undefined ? {} : { onError: options.onError }),
    },
  });
  const broker =
    environment.brokerUrl === undefined
      ? undefined
      : new Broker({
          environment: { ...environment, brokerUrl: environment.brokerUrl },
          clock: monotonicClock,
          roleOf: (unit) => keeper.roleOf(unit),
          onCommand: options.onCommand,
          onMessage: options.onMessage,
          onError: (error) => options.onError?.(error),
        });
  const close = async (): Promise<void> => {
    await keeper.close();
    await broker?.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void close().then(() => process.exit(0)));
  return {
    environment,
    roles: () => keeper.roles(),
    ready: () => keeper.ready(),
    act: (unit, act, windowMs) => keeper.act(unit, act, windowMs),
    publish: (unit, topic, payload) => keeper.act(unit, (role) => broker?.publish(role, topic, payload) ?? false),
    close,
  };
}

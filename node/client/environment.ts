import { UsherError } from '../../foundation/errors.ts';

/** A topic that the service publishes, as its SensorService declares it. */
export interface PublishRule {
  /** `{unit}` stands for the unit's name. */
  readonly topic: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
}

export interface SubscribeRule {
  readonly filter: string;
  readonly qos?: 0 | 1 | 2;
}

/** What Usher tells the container of a sensor service. */
export interface ServiceEnvironment {
  readonly service: string;
  readonly namespace: string;
  readonly node: string;
  readonly podUid: string;
  readonly grantSocket: string;
  /** Undefined when the service declares no topic. */
  readonly brokerUrl: string | undefined;
  readonly publish: readonly PublishRule[];
  readonly subscribe: readonly SubscribeRule[];
  readonly commandTtlMs: number;
}

const DEFAULT_COMMAND_TTL_MS = 10_000;

/** @throws UsherError SERVICE_ENVIRONMENT_INVALID */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): ServiceEnvironment {
  return {
    service: required(env, 'USHER_SERVICE'),
    namespace: required(env, 'USHER_NAMESPACE'),
    node: required(env, 'USHER_NODE_NAME'),
    podUid: required(env, 'USHER_POD_UID'),
    grantSocket: env['USHER_GRANT_SOCKET'] ?? '/run/usher/grant.sock',
    brokerUrl: env['USHER_BROKER_URL'],
    publish: rules(env, 'USHER_PUBLISH', 'topic') as PublishRule[],
    subscribe: rules(env, 'USHER_SUBSCRIBE', 'filter') as SubscribeRule[],
    commandTtlMs: Number(env['USHER_COMMAND_TTL_MS'] ?? DEFAULT_COMMAND_TTL_MS),
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new UsherError('SERVICE_ENVIRONMENT_INVALID', { name });
  return value;
}

function rules(env: NodeJS.ProcessEnv, name: string, key: string): unknown[] {
  const text = env[name] ?? '';
  if (text === '') return [];
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((one) => typeof (one as Record<string, unknown>)[key] === 'string'))
      return list;
  } catch (error) {
    throw new UsherError('SERVICE_ENVIRONMENT_INVALID', { name }, { cause: error });
  }
  throw new UsherError('SERVICE_ENVIRONMENT_INVALID', { name });
}

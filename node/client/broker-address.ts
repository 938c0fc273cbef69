import type { IClientOptions } from 'mqtt';
import { UsherError } from '../../foundation/errors.ts';

type BrokerAddress = Pick<IClientOptions, 'protocol' | 'host' | 'port' | 'username' | 'password' | 'path'>;

/**
 * Where a broker is, from its URL (`mqtt://10.0.0.1:1883`). The MQTT library takes URLs apart by itself, but with a
 * function that Node warns of in every log (DEP0169).
 * @throws UsherError SERVICE_ENVIRONMENT_INVALID
 */
export function brokerAddress(url: string): BrokerAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const protocol = PROTOCOLS.find((one) => `${one}:` === parsed?.protocol);
  if (parsed === undefined || protocol === undefined) {
    throw new UsherError('SERVICE_ENVIRONMENT_INVALID', { name: 'USHER_BROKER_URL' });
  }
  const { hostname, port, username, password, pathname, search } = parsed;
  return {
    protocol,
    host: hostname === '' ? 'localhost' : hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol.startsWith('ws') ? { path: `${pathname}${search}` } : {}),
  };
}

const PROTOCOLS = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { MdnsSocket, OpenMdns, Sender } from './mdns-socket.ts';
import { type Source, sourceState } from './source.ts';

export interface MdnsListenerOptions {
  interface: string;
  /** The interface's IPv4 address. */
  address: string;
  /** Service types asked for. */
  services: readonly string[];
  open: OpenMdns;
  clock: Clock;
  logger: Logger;
  onResponse: (packet: unknown, sender: Sender) => void;
}

export interface MdnsListener extends Source {
  /** Asks one host for the services. */
  queryHost(ip: string): void;
}

/** Between the queries of a new socket, and then for ever the last: a boot wave is caught, a quiet LAN stays quiet. */
const QUERY_AFTER_SEC = [1, 3, 9, 27, 60, 300];
const REOPEN_AFTER_MS = 30_000;

/** Hears mDNS on one interface, asks for the services from time to time, and opens a failed socket again. */
export function startMdnsListener(options: MdnsListenerOptions): MdnsListener {
  const { clock, logger, services } = options;
  let socket: MdnsSocket | undefined;
  let failure: string | undefined;
  let cancelTimer: () => void = () => undefined;

  const open = (): void => {
    failure = undefined;
    socket = options.open(options.address, { onResponse: options.onResponse, onFailure: fail });
    query(0);
  };
  const query = (times: number): void => {
    const delaySec = QUERY_AFTER_SEC[Math.min(times, QUERY_AFTER_SEC.length - 1)] ?? 0;
    cancelTimer = clock.after(delaySec * 1000, () => query(times + 1));
    socket?.query(services);
  };
  const fail = (error: Error): void => {
    if (failure !== undefined) return;
    failure = messageOf(error);
    logger.warn({ interface: options.interface, detail: failure }, 'mDNS is not heard; it is tried again');
    cancelTimer();
    const old = socket;
    socket = undefined;
    cancelTimer = clock.after(REOPEN_AFTER_MS, () => void old?.close().then(open));
  };
  open();

  return {
    queryHost: (ip) => socket?.queryHost(ip, services),
    state: () => sourceState(`mdns ${options.interface}`, failure),
    async stop() {
      cancelTimer();
      failure = 'stopped';
      await socket?.close();
    },
  };
}

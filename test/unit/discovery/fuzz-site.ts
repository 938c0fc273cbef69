import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RowIndex } from '../../../api/core/row-index.ts';
import type { DeviceView } from '../../../api/core/schemas.ts';
import { type Discovery, startDiscovery } from '../../../discovery/sources/discovery.ts';
import { openMdnsWith } from '../../../discovery/sources/mdns-socket.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { firstUnprintable } from '../../support/hostile-strings.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { fakeSpawn, type FakeChild } from './fake-spawn.ts';

/** A UDP socket without a network, as multicast-dns uses one. */
class FakeSocket extends EventEmitter {
  sent = 0;

  bind(_port: number, _address: string, done: () => void): void {
    queueMicrotask(done);
  }
  send(...parameters: unknown[]): void {
    this.sent += 1;
    const done = parameters.at(-1);
    if (typeof done === 'function') queueMicrotask(done as () => void);
  }
  close(done: () => void): void {
    queueMicrotask(done);
  }
}

/** The whole of discovery, and the rows that operators see, with the programs and the network left out. */
export class FuzzSite {
  readonly clock = new ManualClock(1_800_000_000_000);
  readonly socket = new FakeSocket();
  readonly rows = new RowIndex();
  logLines = 0;
  longestLogLine = 0;
  changes = 0;
  /** What was found not to be printable, first of all. */
  unprintable: string | undefined;
  readonly #programs: ReturnType<typeof fakeSpawn>;
  #discovery: Discovery | undefined;

  constructor() {
    const link = { ifindex: 2, ifname: 'eth0', flags: ['UP'], link_type: 'ether', address: '02:00:00:00:00:01' };
    const links = JSON.stringify([{ ...link, addr_info: [{ family: 'inet', local: '10.77.0.1', prefixlen: 16 }] }]);
    this.#programs = fakeSpawn({ 'ip -json address': links, 'ip neigh show': '' });
  }

  async start(): Promise<this> {
    const { clock, socket } = this;
    const openMdns = (_address: string, events: Parameters<typeof openMdnsWith>[1]) =>
      openMdnsWith({ socket, bind: false }, events);
    const rest = { leaseFiles: [], noLocalDhcpServer: false, clock, logger: this.#logger() };
    this.#discovery = await startDiscovery({ ...rest, spawn: this.#programs.spawn, openMdns });
    this.discovery.sightings.onChange(({ type, sighting }) => {
      this.changes += 1;
      this.#look(sighting);
      const touched = type === 'removed' ? this.rows.removeSighting(sighting.mac) : this.rows.setSighting(sighting);
      for (const id of touched) this.#look(this.rows.view(id));
    });
    return this;
  }

  get discovery(): Discovery {
    if (this.#discovery === undefined) throw new TypeError('not started');
    return this.#discovery;
  }

  /** The running child of this program. */
  program(start: string): FakeChild {
    const child = this.#programs.started(start).at(-1);
    if (child === undefined) throw new TypeError(`${start} was not started`);
    return child;
  }

  hearMdns(bytes: Uint8Array, address: string, port = 5353): void {
    this.socket.emit('message', Buffer.from(bytes), { address, port });
  }

  views(): DeviceView[] {
    return [...this.rows.ids()].flatMap((id) => this.rows.view(id) ?? []);
  }

  async stop(): Promise<void> {
    await this.discovery.stop();
  }

  #look(value: unknown): void {
    this.unprintable ??= firstUnprintable(value);
  }

  #logger(): Logger {
    const log = (fields: object, message: string): void => {
      this.logLines += 1;
      this.longestLogLine = Math.max(this.longestLogLine, JSON.stringify(fields).length + message.length);
    };
    const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    return logger;
  }
}

/** Bytes in use after all garbage is collected. */
export function heapUsedAfterGc(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

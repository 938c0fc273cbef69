import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connect, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broker } from '../../../node/client/broker.ts';
import { brokerAddress } from '../../../node/client/broker-address.ts';
import type { ServiceEnvironment } from '../../../node/client/environment.ts';
import type { Role } from '../../../node/client/grant-keeper.ts';
import { monotonicClock } from '../../../node/grant-protocol/monotonic-clock.ts';
import { freePort } from '../../support/free-port.ts';

const hasMosquitto = spawnSync('mosquitto', ['-h']).error === undefined;
const TOPIC = 'site/{unit}/level';
const POLL = { timeout: 10_000, interval: 20 };

/** A link to a port that can be cut: `silent` swallows what is sent, as a pulled cable does; `broken` ends connections. */
class Link {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  state: 'whole' | 'silent' | 'broken' = 'whole';

  constructor(port: number) {
    this.#server = createServer((near) => {
      if (this.state !== 'whole') {
        near.destroy();
        return;
      }
      const far = createConnection({ port, host: '127.0.0.1' });
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      for (const socket of pair) {
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.#pairs.delete(pair);
          for (const one of pair) one.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  async open(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections through it that neither end has ended. */
  get openPairs(): number {
    return this.#pairs.size;
  }

  cut(how: 'silent' | 'broken'): void {
    this.state = how;
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      if (how === 'broken') near.destroy();
      else near.pause();
    }
  }

  /** What waits on a silent link arrives now. */
  heal(): void {
    this.state = 'whole';
    for (const [near, far] of this.#pairs) near.pipe(far).pipe(near);
  }

  async close(): Promise<void> {
    this.cut('broken');
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Mosquitto, listening; on another port when its own was given to somebody else meanwhile. */
async function startMosquitto(): Promise<{ mosquitto: ChildProcess; port: number }> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = await freePort();
    const mosquitto = spawn('mosquitto', ['-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
    const listening = Promise.withResolvers<boolean>();
    createInterface({ input: mosquitto.stderr }).on('line', (line) => {
      if (line.endsWith(' running')) listening.resolve(true);
    });
    mosquitto.on('close', () => listening.resolve(false));
    if (await listening.promise) return { mosquitto, port };
  }
  expect.unreachable('Mosquitto does not start');
}

describe.runIf(hasMosquitto)('the link to the broker', { timeout: 30_000 }, () => {
  let mosquitto: ChildProcess;
  let link: Link;
  let listener: MqttClient;
  let broker: Broker;
  let heard: string[];
  const role = (epoch: number): Role => ({ unit: 'left', epoch, signal: new AbortController().signal });
  const publish = (epoch: number, text: string): boolean => broker.publish(role(epoch), TOPIC, text);

  beforeEach(async () => {
    const started = await startMosquitto();
    const { port } = started;
    mosquitto = started.mosquitto;
    link = new Link(port);
    heard = [];
    listener = connect({ host: '127.0.0.1', port, protocolVersion: 5, reconnectPeriod: 50 });
    listener.on('error', () => undefined);
    listener.on('message', (_topic, payload, { properties }) => {
      heard.push(`${String(payload)} ${String(properties?.userProperties?.['epoch'])}`);
    });
    await expect.poll(() => listener.connected, POLL).toBe(true);
    await listener.subscribeAsync('site/#', { qos: 1 });
    const environment: ServiceEnvironment & { brokerUrl: string } = {
      ...{ service: 'lathe', namespace: 'shop', node: 'pi-a', podUid: '11111111-2222', grantSocket: '' },
      ...{ subscribe: [], commandTtlMs: 1_000, publish: [{ topic: TOPIC, qos: 1 }] },
      brokerUrl: `mqtt://127.0.0.1:${String(await link.open())}`,
    };
    const none = { onCommand: undefined, onMessage: undefined, onError: () => undefined };
    broker = new Broker({ environment, clock: monotonicClock, roleOf: () => undefined, ...none });
    await expect.poll(() => publish(1, 'first'), POLL).toBe(true);
    await expect.poll(() => heard, POLL).toEqual(['first 1']);
  });

  afterEach(async () => {
    await broker.close();
    await listener.endAsync(true);
    await link.close();
    const ended = once(mosquitto, 'exit');
    mosquitto.kill('SIGKILL');
    await ended;
  });

  it('takes nothing while it is broken, and sends nothing of it when it is whole again', async () => {
    link.cut('broken');
    await expect.poll(() => publish(1, 'old'), POLL).toBe(false);
    link.heal();
    await expect.poll(() => publish(2, 'new'), POLL).toBe(true);
    await expect.poll(() => heard, POLL).toContain('new 2');
    expect(heard.filter((text) => !text.startsWith('old'))).toEqual(['first 1', 'new 2']);
    expect(heard).not.toContain('old 1');
  });

  it('sends again nothing that was on its way when it broke', async () => {
    link.cut('silent');
    expect(publish(1, 'unconfirmed')).toBe(true);
    link.cut('broken');
    await expect.poll(() => publish(1, 'old'), POLL).toBe(false);
    link.heal();
    await expect.poll(() => publish(2, 'new'), POLL).toBe(true);
    await expect.poll(() => heard, POLL).toContain('new 2');
    expect(heard).toEqual(['first 1', 'new 2']);
  });

  it('takes back what is stuck in a silent one when the role runs out', async () => {
    link.cut('silent');
    expect(publish(1, 'stuck')).toBe(true);
    broker.end(role(1), 'expired');
    await expect.poll(() => publish(1, 'old'), POLL).toBe(false);
    // The reset ends the silent connection without what it still had.
    await expect.poll(() => link.openPairs, POLL).toBe(0);
    link.heal();
    await expect.poll(() => publish(2, 'new'), POLL).toBe(true);
    await expect.poll(() => heard, POLL).toContain('new 2');
    expect(heard).toEqual(['first 1', 'new 2']);
  });
});

describe('the address of a broker', () => {
  it.each([
    ['mqtt://10.0.0.1:1883', { protocol: 'mqtt', host: '10.0.0.1', port: 1883 }],
    ['mqtts://u%40x:p@hall.local', { protocol: 'mqtts', host: 'hall.local', username: 'u@x', password: 'p' }],
    ['mqtt://[fd00::1]:1884', { protocol: 'mqtt', host: 'fd00::1', port: 1884 }],
    ['ws://hall:9001/mqtt', { protocol: 'ws', host: 'hall', port: 9001, path: '/mqtt' }],
  ])('%s', (url, address) => expect(brokerAddress(url)).toEqual(address));

  it.each(['hall:1883', 'http://hall', ''])('refuses %j', (url) => {
    expect(() => brokerAddress(url)).toThrow(expect.objectContaining({ code: 'SERVICE_ENVIRONMENT_INVALID' }));
  });
});

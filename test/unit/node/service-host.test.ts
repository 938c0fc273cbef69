import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../foundation/logger.ts';
import type { UnitEvent } from '../../../node/core/fencing/unit-state.ts';
import { newUnit } from '../../../node/core/fencing/unit-state.ts';
import { isAtWork, isHealthy, keepHealthFile } from '../../../node/health-file.ts';
import { ServiceHost } from '../../../node/standby/service-host.ts';
import type { UnitRunner } from '../../../node/standby/unit-runner.ts';
import { ManualClock } from '../../support/manual-clock.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'usher-host-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe('a service that says again and again that it is ready', () => {
  it('is looked for one at a time, and not any more once it is', async () => {
    const socketPath = join(await folder(), 'grant.sock');
    const looks: PromiseWithResolvers<number[]>[] = [];
    const processesOf = (): Promise<number[]> => {
      const look = Promise.withResolvers<number[]>();
      looks.push(look);
      return look.promise;
    };
    const heard: UnitEvent[] = [];
    const refused: object[] = [];
    let ids = 0;
    const host = new ServiceHost({
      ...{ node: 'pi-a', namespace: 'shop', service: 'lathe', socketPath, nextId: () => (ids += 1) },
      pods: { isOf: () => true, onChange: () => undefined, refresh: () => undefined },
      killer: { processesOf, killPod: () => Promise.resolve(true), leftOf: () => [] },
      clock: new ManualClock(0),
      logger: { ...silentLogger, error: (fields) => void refused.push(fields) },
    });
    await host.start();
    onTestFinished(() => host.stop());
    const runner = { state: newUnit('pi-a'), terms: undefined, hear: (event: UnitEvent) => heard.push(event) };
    host.addUnit('left', { ...runner, stop: () => undefined } as unknown as UnitRunner);
    const one = new Service(socketPath, 'p1');
    await one.say('ready', 20);
    expect(looks).toHaveLength(1);
    // Nothing of it was seen yet: it may try again.
    looks[0]?.resolve([]);
    await one.say('ready', 20);
    expect([looks.length, heard]).toEqual([2, []]);
    looks[1]?.resolve([7]);
    await expect.poll(() => heard).toMatchObject([{ type: 'service-ready', connection: 1 }]);
    await one.say('ready', 20);
    expect([looks.length, refused.length]).toEqual([2, 1]);
    expect(heard.every(({ type }) => type === 'service-ready')).toBe(true);
    // Two connections of one pod are one look.
    const before = heard.length;
    await new Service(socketPath, 'p2').say('ready', 1);
    await new Service(socketPath, 'p2').say('ready', 1);
    expect(looks).toHaveLength(3);
    looks[2]?.resolve([8]);
    await expect.poll(() => heard).toHaveLength(before + 2);
  });
});

/** One connection of a service. */
class Service {
  readonly #path: string;
  readonly #socket: Socket;
  #told = '';

  constructor(path: string, podUid: string) {
    this.#path = path;
    this.#socket = connect(path);
    this.#socket.setEncoding('utf8').on('data', (text: string) => (this.#told += text));
    this.#socket.write(`${JSON.stringify({ type: 'hello', protocol: 1, podUid })}\n`);
    onTestFinished(() => void this.#socket.destroy());
  }

  /** Resolves when the standby has read it: what comes on another connection later is read later. */
  async say(type: string, times: number): Promise<void> {
    await this.welcome();
    const written = Promise.withResolvers<undefined>();
    this.#socket.write(`${JSON.stringify({ type })}\n`.repeat(times), () => written.resolve(undefined));
    await written.promise;
    await new Service(this.#path, 'another').welcome();
  }

  async welcome(): Promise<void> {
    await expect.poll(() => this.#told).toContain('welcome');
  }
}

describe('the health file', () => {
  it('is written again when it can be, and until then nothing fails', async () => {
    const place = join(await folder(), 'standby');
    await writeFile(place, 'no folder');
    const told: string[] = [];
    const note = (_fields: object, message: string): void => void told.push(message);
    const clock = new ManualClock(0);
    const path = join(place, 'health.json');
    const logger = { ...silentLogger, error: note, info: note };
    const stop = keepHealthFile({ path, clock, status: () => ({}), logger });
    clock.advance(5_000);
    expect([isHealthy(path, clock), told.length]).toEqual([false, 1]);
    await rm(place);
    clock.advance(1_000);
    expect([isHealthy(path, clock), told.length]).toEqual([true, 2]);
    stop();
    expect(clock.pending).toBe(0);
  });

  it('says whether the standby has found out what it is to do', async () => {
    const path = join(await folder(), 'health.json');
    const clock = new ManualClock(0);
    const health = { known: false };
    const stop = keepHealthFile({ path, clock, status: () => health, logger: silentLogger });
    expect([isHealthy(path, clock), isAtWork(path, clock)]).toEqual([true, false]);
    health.known = true;
    clock.advance(1_000);
    expect(isAtWork(path, clock)).toBe(true);
    stop();
    clock.advance(20_000);
    expect(isAtWork(path, clock)).toBe(false);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Led } from '../../../bootstrap-image/agent/adapters/led.ts';
import { bundleAgent } from '../../../bootstrap-image/agent/bundle.ts';
import { Identification } from '../../../bootstrap-image/agent/identification.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { runs } from '../../support/full-run.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { DeviceFolder } from './device-folder.ts';
import { FakeAppliance } from './fake-appliance.ts';

const PRELOADED = join(import.meta.dirname, 'kill-at-change.ts');
const AS_THE_KERNEL = 'none [mmc0] timer heartbeat\n';

let device: DeviceFolder;
let led: string;
beforeEach(async () => {
  device = await DeviceFolder.make();
  led = device.paths.leds[1] ?? '';
  await device.write(join(led, 'trigger'), AS_THE_KERNEL);
  await device.write(join(led, 'brightness'), '0\n');
  await device.write(join(led, 'max_brightness'), '255\n');
});
afterEach(() => device.remove());

const now = async (): Promise<string[]> =>
  Promise.all(['trigger', 'brightness'].map(async (name) => (await device.read(join(led, name)))?.trim() ?? ''));

describe('the LED', () => {
  it('is borrowed, lit and given back to the trigger in brackets', async () => {
    const lent = new Led(device.paths, silentLogger);
    expect(await lent.borrow()).toBe(true);
    await lent.light(true);
    expect(await now()).toEqual(['none', '255']);
    await lent.light(false);
    expect(await now()).toEqual(['none', '0']);
    await lent.giveBack();
    expect((await now())[0]).toBe('mmc0');
    // What the kernel does with it from now on is not touched by a late blink.
    await lent.light(true);
    expect((await now())[1]).toBe('0');
  });

  it('without a trigger gets its brightness back', async () => {
    await device.write(join(led, 'trigger'), '[none] mmc0\n');
    await device.write(join(led, 'brightness'), '255\n');
    const lent = new Led(device.paths, silentLogger);
    await lent.borrow();
    await lent.light(false);
    await lent.giveBack();
    expect(await now()).toEqual(['none', '255']);
  });

  it('of a killed run is not mistaken for the way it was before', async () => {
    const killed = new Led(device.paths, silentLogger);
    await killed.borrow();
    const next = new Led(device.paths, silentLogger);
    await next.borrow();
    await next.giveBack();
    expect((await now())[0]).toBe('mmc0');
  });

  it('may be missing, and nothing is made then', async () => {
    await rm(led, { recursive: true });
    const lent = new Led(device.paths, silentLogger);
    expect(await lent.borrow()).toBe(false);
    await lent.light(true);
    await lent.giveBack();
    expect(await device.read(join(led, 'brightness'))).toBeUndefined();
    expect(await device.read(device.paths.ledBorrowed)).toBeUndefined();
  });
});

/** Stays as it was lit first until it is released. */
class HeldLed extends Led {
  changes = 0;
  readonly #released = Promise.withResolvers<undefined>();

  override async light(on: boolean): Promise<void> {
    this.changes += 1;
    await super.light(on);
    await this.#released.promise;
  }

  release(): void {
    this.#released.resolve(undefined);
  }
}

describe('an identification', () => {
  it('shows one pair of words at a time and is over by itself', async () => {
    const shown: (string | undefined)[] = [];
    const onChange = (): void => void shown.push(identification.words);
    const clock = new ManualClock();
    const options = { led: new Led(device.paths, silentLogger), clock, onChange };
    const identification = new Identification(options);
    identification.show({ words: 'amber otter', seconds: 120 });
    identification.show({ words: 'amber otter', seconds: 120 });
    await expect.poll(now).toEqual(['none', '255']);
    identification.show({ words: 'pink newt', seconds: 1 });
    let isOver = false;
    void identification.over().then(() => (isOver = true));
    const oneBlinkLater = (): boolean => {
      clock.advance(200);
      return isOver;
    };
    await expect.poll(oneBlinkLater, { interval: 5 }).toBe(true);
    expect(shown).toEqual(['amber otter', undefined, 'pink newt', undefined]);
    expect((await now())[0]).toBe('mmc0');
  });

  it('is asked for by the long poll of an agent, which goes on polling meanwhile', async () => {
    const appliance = await FakeAppliance.start();
    // The clock of these tests hurries: what blinks for thirty seconds would be over before anybody looks.
    const led = new HeldLed(device.paths, silentLogger);
    try {
      appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: Buffer.from('k3s') }];
      appliance.afterHello = 'verified';
      await device.writeCard(appliance);
      const running = (await device.agent({ led })).run();
      await expect.poll(() => device.views.at(-1)?.state).toBe('verified');
      appliance.become('verified', { identify: { words: 'amber otter', seconds: 30 } });
      await expect.poll(() => device.views.at(-1)?.identify).toBe('amber otter');
      await expect.poll(async () => (await now())[0]).toBe('none');
      appliance.become('approved');
      await expect.poll(() => device.views.at(-1)?.step).toBe('finish');
      led.release();
      await running;
      expect(device.views.at(-1)).toMatchObject({ step: 'finish', identify: undefined });
      expect((await now())[0]).toBe('mmc0');
      // Thirty seconds are not over: whoever asks the new node to show itself is not answered by an old blinking.
      expect(led.changes).toBe(1);
    } finally {
      await appliance.stop();
    }
  });
});

// The bundle itself, as the path unit starts it on a joined node.
describe('wishes on a node', { timeout: 120_000 }, () => {
  let folder: string;
  let bundle: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-bundle-'));
    bundle = join(folder, 'agent.mjs');
    await bundleAgent(bundle);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    await device.identity();
    await device.write(device.paths.state, JSON.stringify({ v: 1, phase: 'done', nodeName: 'lathe-left' }));
  });

  const wish = (name: string): Promise<unknown> => mkdir(join(device.paths.identifyWishes, name), { recursive: true });
  /** Its time begins when the program looks, however long that takes to start. */
  const wishAhead = async (name: string): Promise<void> => {
    await wish(name);
    const ahead = new Date(Date.now() + 60_000);
    await utimes(join(device.paths.identifyWishes, name), ahead, ahead);
  };
  const wishes = (): Promise<string[]> => readdir(device.paths.identifyWishes);
  const start = (kill: Record<string, string> = {}): ChildProcess => {
    const env = { ...process.env, KILL_LOG: join(device.root, 'changes.log'), ...kill };
    const args = ['--import', PRELOADED, bundle, 'identify', '--root', device.root];
    return spawn(process.execPath, args, { env, stdio: 'ignore' });
  };
  const ended = async (child: ChildProcess): Promise<number | string> => {
    const [code, signal] = (await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })) as [
      number,
      string | null,
    ];
    return signal ?? code;
  };

  it('are fulfilled and removed; what is none, or too old, is only removed', async () => {
    await wishAhead('amber-otter.1');
    await wish('no wish');
    await wish('pink-newt.99999');
    await wish('old-crab.30');
    await utimes(join(device.paths.identifyWishes, 'old-crab.30'), 0, 0);
    expect(await ended(start())).toBe(0);
    expect(await wishes()).toEqual([]);
    const log = await readFile(join(device.root, 'changes.log'), 'utf8');
    expect(log.match(/^rm /gm)).toHaveLength(4);
    expect((await now())[0]).toBe('mmc0');
    const screen = await device.read(device.paths.consoleText);
    expect(screen).toContain('lathe-left');
    expect(screen).not.toContain('>>>');
  });

  it('show the words on screen and in the issue', async () => {
    await wish('amber-otter.30');
    const child = start();
    await expect.poll(() => device.read(device.paths.issue)).toContain('>>> AMBER OTTER <<<');
    await expect.poll(async () => (await now())[0]).toBe('none');
    child.kill('SIGTERM');
    expect(await ended(child)).toBe('SIGTERM');
    expect((await now())[0]).toBe('mmc0');
  });

  it('killed around any change of the disk, the next run leaves the LED as it was', async () => {
    await wishAhead('amber-otter.1');
    expect(await ended(start())).toBe(0);
    const changes = (await readFile(join(device.root, 'changes.log'), 'utf8')).trimEnd().split('\n');
    // Blinking is the same change again and again: its first and last ones stand for all.
    const blinks = changes.flatMap((what, i) => (what.includes('brightness') ? [i] : []));
    const telling = changes.map((_, i) => i).filter((i) => !blinks.slice(2, -2).includes(i));
    expect(telling.length).toBeGreaterThan(12);
    const step = runs(3, 1);
    const chosen = telling.filter((_, i) => i % step === 0);
    let hits = 0;
    for (const [i, at] of chosen.entries()) {
      await device.write(join(led, 'trigger'), AS_THE_KERNEL);
      await wishAhead('amber-otter.1');
      const moment = i % 2 === 0 ? 'before' : 'after';
      const exit = await ended(start({ KILL_AT: String(at + 1), KILL_MOMENT: moment }));
      if (exit === 'SIGKILL') hits += 1;
      expect(await ended(start()), `${moment} ${changes[at] ?? ''}`).toBe(0);
      const end = { trigger: (await now())[0], borrowed: await device.read(device.paths.ledBorrowed) };
      expect({ at: changes[at], ...end }).toEqual({
        at: changes[at],
        trigger: expect.stringMatching(/mmc0/) as string,
        borrowed: undefined,
      });
    }
    expect(hits).toBeGreaterThan(0.8 * chosen.length);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../../../bootstrap-image/agent/bundle.ts';
import { runs } from '../../support/full-run.ts';
import { DeviceFolder } from './device-folder.ts';
import { FakeAppliance } from './fake-appliance.ts';

// The bundle itself, as it runs on a Pi: the plug is pulled before and after every single change of its disk.
const PRELOADED = join(import.meta.dirname, 'kill-at-change.ts');

interface Cut {
  readonly change: number;
  readonly moment: 'before' | 'after';
}

interface Life {
  readonly exits: (number | string)[];
  /** Changes of the disk in the first life, in order. */
  readonly changes: string[];
  readonly end: object;
}

let folder: string;
let bundle: string;

/** A whole enrolment of one Pi, from the card to the node, with one power cut. */
async function live(cut?: Cut): Promise<Life> {
  const appliance = await FakeAppliance.start();
  const device = await DeviceFolder.make();
  try {
    appliance.artifacts = [{ kind: 'k3s', name: 'k3s', content: Buffer.alloc(100_000, 'k3s ') }];
    await device.writeCard(appliance);
    const bin = await device.installFakeSystemctl();
    const log = join(device.root, 'changes.log');
    const start = async (kill: Record<string, string>): Promise<number | string> => {
      const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, KILL_LOG: log, ...kill };
      const child = spawn(process.execPath, ['--import', PRELOADED, bundle, '--root', device.root], {
        env,
        stdio: 'ignore',
      });
      const [code, signal] = (await once(child, 'exit', { signal: AbortSignal.timeout(15_000) })) as [
        number,
        string | null,
      ];
      return signal ?? code;
    };
    const exits = [await start(cut === undefined ? {} : { KILL_AT: String(cut.change), KILL_MOMENT: cut.moment })];
    const changes = (await readFile(log, 'utf8')).trimEnd().split('\n');
    if (cut !== undefined) exits.push(await start({}));
    const token = appliance.tickets.at(-1)?.token ?? 'none';
    const { phase, nodeName } = await device.state();
    const end = {
      phase,
      nodeName,
      tickets: appliance.tickets.length,
      hasToken: (await device.read(device.paths.k3sConfig))?.includes(token),
      password: await device.read(device.paths.nodePassword),
      k3sBytes: (await device.read(device.paths.k3s))?.length,
      certificateIsOfToken: (await device.read(`${device.paths.k3sAgent}/client-kubelet.crt`))?.includes(token),
      card: await device.read(device.paths.card),
      isActive: await device.read(join(device.root, 'active')),
      isEnabled: await device.read(join(device.root, 'enabled')),
    };
    return {
      exits,
      changes,
      end: { ...end, password: end.password === `${appliance.tickets.at(-1)?.nodePassword ?? ''}\n` },
    };
  } finally {
    await appliance.stop();
    await device.remove();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-bundle-'));
  bundle = join(folder, 'agent.mjs');
  await bundleAgent(bundle);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a power cut around a change of the disk', () => {
  it('ends where it ends without one, whichever change it is', { timeout: 600_000 }, async () => {
    const whole = await live();
    expect(whole.exits).toEqual([0]);
    expect(whole.end).toMatchObject({ phase: 'done', tickets: 1, hasToken: true, password: true, card: undefined });
    const cuts = whole.changes.flatMap((_, i): Cut[] => [
      { change: i + 1, moment: 'before' },
      { change: i + 1, moment: 'after' },
    ]);
    const step = runs(Math.ceil(cuts.length / 24), 1);
    const chosen = cuts.filter((_, i) => i % step === 0);
    console.log(`${String(chosen.length)} of ${String(cuts.length)} power cuts`);
    let hits = 0;
    for (const cut of chosen) {
      const cutOff = await live(cut);
      const what = `${cut.moment} ${cutOff.changes[cut.change - 1] ?? ''}`;
      // How often the console is written depends on the time it takes: a life may have fewer changes than the first had.
      const [exit] = cutOff.exits;
      if (exit === 'SIGKILL') hits += 1;
      expect({ what, ...cutOff, changes: [] }).toEqual({
        what,
        exits: [exit === 0 ? 0 : 'SIGKILL', 0],
        end: whole.end,
        changes: [],
      });
    }
    expect(hits).toBeGreaterThan(0.8 * chosen.length);
  });
});

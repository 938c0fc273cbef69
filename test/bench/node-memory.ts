import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { monotonicClock } from '../../node/grant-protocol/monotonic-clock.ts';
import type { BenchOptions } from './bench-options.ts';
import { cpuMsOf, memoryOf, type MemoryUse } from './node-memory/memory-use.ts';
import { NodeUnderTest, type Program } from './node-memory/node-under-test.ts';
import { shippedPrograms, type ShippedPrograms } from './node-memory/shipped-programs.ts';
import { summarise, type Summary } from './summary.ts';

const run = promisify(execFile);

/** Node that does nothing: what nobody who runs Node gets below. */
const BARE: Program = { command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'] };
const BARE_PROBE: Program = { command: [process.execPath, '-e', 'process.exitCode = 0'] };
const SETTLE_MS = 5_000;
/** How long leases are renewed between the first look at the memory and the last. */
const RENEW_MS = 180_000;
const PROBES = 20;

/** Samples of each figure, one of each pair; those of grants are many. */
type Samples = Record<string, number[]>;

/**
 * What the programs of a node take of its memory, beside a bare Node at the same time: after their start, and after three
 * minutes in which twenty units are renewed every second; and what the probe of the standby costs.
 */
export async function benchNodeMemory({ pairs, say }: BenchOptions): Promise<Record<string, Summary>> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-nm-app-'));
  const samples: Samples = {};
  try {
    const programs = await shippedPrograms(folder);
    for (let pair = 1; pair <= pairs; pair += 1) {
      await probe(programs, folder, samples);
      await renew(programs, samples);
      say(`pair ${String(pair)} of ${String(pairs)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summarise(values)]));
}

async function renew(programs: ShippedPrograms, samples: Samples): Promise<void> {
  const node = await NodeUnderTest.start();
  try {
    const pids = {
      bare: node.startOther(BARE),
      standby: await node.startStandby(programs.standby),
      devicePlugin: await node.startDevicePlugin(programs.devicePlugin),
    };
    await sleep(systemClock, SETTLE_MS);
    note(samples, 'standbyStart', await memoryOf(pids.standby));
    node.grantMs = [];
    const [beganMs, cpuMs] = [performance.now(), await cpuMsOf(pids.standby)];
    await sleep(systemClock, RENEW_MS);
    const spentMs = (await cpuMsOf(pids.standby)) - cpuMs;
    add(samples, 'standbyCpuMsPerMinute', (spentMs * 60_000) / (performance.now() - beganMs));
    const bare = await memoryOf(pids.bare);
    note(samples, 'bare', bare);
    for (const name of ['standby', 'devicePlugin'] as const) {
      const use = await memoryOf(pids[name]);
      note(samples, name, use);
      add(samples, `${name}TimesBare`, use.rss / bare.rss);
    }
    for (const ms of node.grantMs) add(samples, 'grantMs', ms);
  } finally {
    await node.stop();
  }
}

async function probe(programs: ShippedPrograms, folder: string, samples: Samples): Promise<void> {
  const health = join(folder, 'health.json');
  const { command, env } = programs.probe;
  const asked = { command: [...command, '--health', health], ...(env === undefined ? {} : { env }) };
  for (const [name, program] of Object.entries({ probeCpuMs: asked, bareProbeCpuMs: BARE_PROBE })) {
    const beforeMs = await cpuMsOf(process.pid, { ofChildren: true });
    for (let count = 0; count < PROBES; count += 1) {
      await writeFile(health, JSON.stringify({ monotonicMs: Math.floor(monotonicClock.nowMs()) }));
      const [file = '', ...args] = program.command;
      // Rejects when the probe says that the standby is not well.
      await run(file, args, { env: { ...process.env, ...program.env } });
    }
    add(samples, name, ((await cpuMsOf(process.pid, { ofChildren: true })) - beforeMs) / PROBES);
  }
}

function note(samples: Samples, name: string, { rss, anonymous }: MemoryUse): void {
  add(samples, `${name}RssMiB`, rss);
  add(samples, `${name}AnonymousMiB`, anonymous);
}

function add(samples: Samples, name: string, value: number): void {
  (samples[name] ??= []).push(value);
}

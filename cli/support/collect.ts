import { execFile } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { hostname, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { examine } from '../../appliance/doctor.ts';
import type { ApiClient } from '../../api/client/api-client.ts';
import type { DeviceView } from '../../api/client/types.ts';
import { systemClock, toRfc3339 } from '../../foundation/clock.ts';
import { asUsherError, type ErrorBody, hasErrno, UsherError } from '../../foundation/errors.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { createKubeClient } from '../../k8s/client/create-kube-client.ts';
import { EVENT } from '../../k8s/core/kube-event.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../k8s/core/resources.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** What a support bundle is made of, before anything is taken out of it. */
export interface Collected {
  /** Text by path in the bundle. */
  readonly files: Map<string, string>;
  /** What could not be had, and why. */
  readonly missing: { name: string; why: ErrorBody }[];
  readonly devices: DeviceView[];
}

export interface CollectOptions {
  /** Undefined when no appliance is known on this machine. */
  readonly client: ApiClient | undefined;
  readonly noClient: ErrorBody | undefined;
  readonly stateDir: string;
  readonly kubeconfig: string | undefined;
}

/** The end of each log that goes into the bundle. */
const LOG_BYTES = 1024 * 1024;
const JOURNAL_LINES = '5000';
const JOURNAL_LIMIT_MS = 10_000;
/** Stories are asked for one by one; those of the troubled come first. */
const MOST_STORIES = 200;

/** Collects all that can be had; what cannot is said, and ends nothing. Reads no Secret. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const collected: Collected = { files: new Map(), missing: [], devices: [] };
  const add = async (name: string, read: () => Promise<string | undefined>): Promise<void> => {
    try {
      const text = await read();
      if (text !== undefined) collected.files.set(name, text);
    } catch (error) {
      collected.missing.push({ name, why: asUsherError(error).toBody() });
    }
  };
  await add('versions.json', async () => json(await versions()));
  await add('doctor.json', async () => json(await examine('appliance', options.stateDir)));
  await collectFromAppliance(options, collected, add);
  await collectFromKubernetes(options, add);
  await collectLogs(options.stateDir, add);
  return collected;
}

type Add = (name: string, read: () => Promise<string | undefined>) => Promise<void>;

async function collectFromAppliance(
  { client, noClient }: CollectOptions,
  collected: Collected,
  add: Add,
): Promise<void> {
  if (client === undefined) {
    if (noClient !== undefined)
      collected.missing.push({ name: 'site.json and all else of the appliance', why: noClient });
    return;
  }
  await add('site.json', async () => json(await client.site()));
  // It does not answer: asking on would only take its time.
  const away = collected.missing.find(({ why }) => why.code === 'APPLIANCE_UNREACHABLE');
  if (away !== undefined) {
    away.name = 'site.json and all else of the appliance';
    return;
  }
  await add('devices.json', async () => {
    collected.devices.push(...(await client.devices()));
    return json(collected.devices);
  });
  await add('claims.json', async () => json(await client.claims()));
  await add('alarms.json', async () => json(await client.alarms()));
  await add('enrol-tokens.json', async () => json(await client.tokens()));
  await add('metrics.txt', () => client.metrics());
  await add('stories.json', async () => {
    const stories = [];
    const troubledFirst = collected.devices.toSorted((a, b) => Number(isWell(a)) - Number(isWell(b)));
    for (const { id } of troubledFirst.slice(0, MOST_STORIES)) stories.push(await client.story(id));
    return json(stories);
  });
}

async function collectFromKubernetes({ kubeconfig }: CollectOptions, add: Add): Promise<void> {
  if (kubeconfig === undefined) return;
  const open = (): ReturnType<typeof createKubeClient> =>
    createKubeClient({ access: { kubeconfigPath: kubeconfig }, clock: systemClock, logger: silentLogger });
  await add('kubernetes/objects.json', async () => {
    const kube = open();
    try {
      const [devices, claims, nodes] = [await kube.list(DEVICE), await kube.list(DEVICE_CLAIM), await kube.list(NODE)];
      return json({ devices, claims, nodes });
    } finally {
      await kube.close();
    }
  });
  await add('kubernetes/events.json', async () => {
    const kube = open();
    try {
      return json(await kube.list(EVENT));
    } finally {
      await kube.close();
    }
  });
}

async function collectLogs(stateDir: string, add: Add): Promise<void> {
  await add('logs/usher.log', () => tail(join(stateDir, 'usher.log')));
  await add('logs/k3s.log', () => tail(join(stateDir, 'k3s/k3s.log')));
  await add('config/k3s.yaml', () => readText(join(stateDir, 'k3s/config.yaml')));
  await add('logs/journal.log', async () => {
    try {
      const args = ['-u', 'usher', '-n', JOURNAL_LINES, '--no-pager', '-o', 'short-iso'];
      return (await promisify(execFile)('journalctl', args, { timeout: JOURNAL_LIMIT_MS, maxBuffer: 32 * LOG_BYTES }))
        .stdout;
    } catch (error) {
      // A machine without systemd, such as OpenWrt, has no journal.
      if (isMissing(error)) return undefined;
      throw new UsherError('TOOL_FAILED', { tool: 'journalctl', detail: 'no journal' }, { cause: error });
    }
  });
}

async function versions(): Promise<object> {
  return {
    usher: packageJson.version,
    node: process.version,
    architecture: process.arch,
    kernel: release(),
    operatingSystem: await readText('/etc/os-release'),
    hostname: hostname(),
    memoryBytes: totalmem(),
    upSeconds: Math.round(uptime()),
    time: toRfc3339(systemClock.nowMs()),
  };
}

/** The last megabyte of a file, from the beginning of a line on; undefined when there is none. */
async function tail(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - LOG_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      const text = buffer.subarray(0, bytesRead).toString('utf8');
      return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return hasErrno(error, 'ENOENT');
}

function isWell({ stage }: DeviceView): boolean {
  return stage === 'Ready' || stage === 'Seen';
}

function json(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

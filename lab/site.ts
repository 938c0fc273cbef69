import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { ApiClient } from '../api/client/api-client.ts';
import { findAppliance } from '../api/client/find-appliance.ts';
import { genericCard } from '../api/client/generic-card.ts';
import type { CardOptions } from '../bootstrap-image/card.ts';
import { type Clock, systemClock } from '../foundation/clock.ts';
import { isUsherError, messageOf, UsherError } from '../foundation/errors.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import { systemRandom } from '../foundation/random.ts';
import { startBroker } from './broker.ts';
import { LAN } from './core/address-plan.ts';
import type { Bind } from './core/mount-plan.ts';
import type { Card } from './disk.ts';
import { Lab, MASTER } from './lab.ts';
import type { Machine } from './machine.ts';
import { readIfThere } from './tools.ts';
import { until } from './wait.ts';

/** One step of the way up; said when it begins and again, with `done`, when it is through. */
export interface SiteProgress {
  readonly step: string;
  readonly done: boolean;
  /** Since the step began. */
  readonly elapsedMs: number;
}

export interface SiteOptions {
  /** How many Raspberry Pis to plug in. */
  readonly pis: number;
  readonly labName?: string;
  readonly labDir?: string;
  /** Forget what an earlier run of the lab knew. */
  readonly fresh?: boolean;
  /** More arguments for `usher start` on the master. */
  readonly applianceArgs?: readonly string[];
  readonly k3sPath: string;
  /** Folder of image tarballs that the nodes get. */
  readonly imagesDir?: string;
  /** More host folders that the master sees. */
  readonly binds?: readonly Bind[];
  /** Ports on the host's loopback; taken if free, else any free one. Defaults 8443 and 6443. */
  readonly pagePort?: number;
  readonly kubernetesPort?: number;
  /** Run an MQTT broker on the master, open to all of the site. Default: none. */
  readonly broker?: boolean;
  /** Start the appliance again when it ends, as systemd does on a real master. */
  readonly respawn?: boolean;
  /** Default 180,000. */
  readonly readyTimeoutMs?: number;
  readonly onProgress?: (progress: SiteProgress) => void;
  /** What the appliance prints. */
  readonly onOutput?: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A whole virtual site that runs. */
export interface Site {
  readonly lab: Lab;
  readonly master: Machine;
  /** The operators' page, from this machine. */
  readonly url: string;
  /** A cli.json for `usher --token-file`, with that URL. */
  readonly cliFile: string;
  /** A kubeconfig that works from this machine; undefined when the appliance uses another cluster. */
  readonly kubeconfig: string | undefined;
  /** Takes everything down but the disks. */
  stop(): Promise<void>;
}

/** Name and fixed address of a master. */
export interface MasterPlace {
  readonly name: string;
  readonly address: string;
}

const FIRST_MASTER: MasterPlace = { name: MASTER, address: LAN.master };
const PROJECT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const STATE_DIR = '/var/lib/usher';
const PAGE_PORT = 8443;
const KUBERNETES_PORT = 6443;
const READY_TIMEOUT_MS = 180_000;
const HEALTHY = 'ok';
/** Runs what follows again and again, a second after it ended. */
const RESPAWN = ['/bin/sh', '-c', 'while :; do "$@"; sleep 1; done', 'respawn'];
const K3S_KUBECONFIG = '/etc/rancher/k3s/k3s.yaml';

/** Only what is read here; the rest is handed on as it is. */
const CliJson = z.looseObject({
  url: z.url(),
  caPem: z.string(),
  token: z.string(),
  /** A path on the master. */
  kubeconfig: z.string().optional(),
});
type CliJson = z.infer<typeof CliJson>;

/**
 * Brings up router, switch, a master that runs the very `usher start` of a real one, and Raspberry Pis with cards made
 * by it. On any error, and when `signal` is aborted, everything is taken down before the error is thrown.
 * @throws UsherError STOPPED, TIMED_OUT, TOOL_FAILED (the appliance ended) and those of {@link Lab.up}
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const lab = new Lab({
    ...(options.labName === undefined ? {} : { name: options.labName }),
    ...(options.labDir === undefined ? {} : { labDir: options.labDir }),
    fresh: options.fresh ?? false,
    logger: options.logger ?? silentLogger,
  });
  // An abort must not wait for the step that is under way: taking the machines away ends it.
  const onAbort = (): void => void lab.down();
  options.signal?.addEventListener('abort', onAbort);
  try {
    return await bringUp(lab, options);
  } catch (error) {
    await lab.down();
    throw options.signal?.aborted === true ? new UsherError('STOPPED', {}, { cause: error }) : error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function bringUp(lab: Lab, options: SiteOptions): Promise<Site> {
  const step = stepper(options);
  await step('router and switch', () => lab.up());
  const master = await step('master', () => startMaster(lab, options, FIRST_MASTER));
  if (options.broker === true) await step('MQTT broker', () => startBroker(master, options.clock));
  const doors = await step('Kubernetes and Usher', () => openDoors(lab, master, options));
  lab.useCards((machine, isGeneric) => cardFromAppliance(lab, doors.cliFile, isGeneric ? undefined : machine));
  await step(`${options.pis} Raspberry Pis`, () => plugPis(lab, options.pis));
  return { lab, master, ...doors, stop: () => lab.down() };
}

/**
 * Brings up one more master on the LAN of a lab: a site of its own, with its own Kubernetes, that does not know the other.
 * @throws UsherError TIMED_OUT, TOOL_FAILED (the appliance ended) and those of {@link Lab.startMachine}
 */
export async function addMaster(lab: Lab, options: SiteOptions, at: MasterPlace): Promise<Omit<Site, 'lab' | 'stop'>> {
  const master = await startMaster(lab, options, at);
  return { master, ...(await openDoors(lab, master, options)) };
}

/** Ports of the host that lead to a master, and the files with which programs here find it. */
async function openDoors(
  lab: Lab,
  master: Machine,
  options: SiteOptions,
): Promise<Pick<Site, 'url' | 'cliFile' | 'kubeconfig'>> {
  const isFirst = master.name === MASTER;
  const host = master.fixedAddress ?? LAN.master;
  const pagePort = await openPort(lab, host, PAGE_PORT, options.pagePort ?? PAGE_PORT);
  const kubernetesPort = await openPort(lab, host, KUBERNETES_PORT, options.kubernetesPort ?? KUBERNETES_PORT);
  const url = `https://127.0.0.1:${pagePort}`;
  const folder = isFirst ? lab.labDir : master.folder;
  const cliFile = join(folder, 'cli.json');
  const kubeconfig = join(folder, 'kubeconfig');
  const cli = await untilReady(master, url, options);
  const from = master.pathOnDisk(cli.kubeconfig ?? K3S_KUBECONFIG);
  const found = await writeKubeconfig(from, kubeconfig, kubernetesPort);
  const here = { ...cli, url, k3s: options.k3sPath, kubeconfig: found ? kubeconfig : undefined };
  await writeFile(cliFile, `${JSON.stringify(here, undefined, 2)}\n`, { mode: 0o600 });
  return { url, cliFile, kubeconfig: found ? kubeconfig : undefined };
}

function startMaster(lab: Lab, options: SiteOptions, { name, address }: MasterPlace): Promise<Machine> {
  const { k3sPath, imagesDir, applianceArgs = [], onOutput } = options;
  const images = imagesDir === undefined ? [] : ['--images', imagesDir];
  const binds: Bind[] = [{ from: PROJECT }, { from: process.execPath }, { from: k3sPath }];
  if (imagesDir !== undefined) binds.push({ from: imagesDir });
  return lab.startMachine({
    name,
    addressing: { kind: 'static', address },
    command: [
      ...(options.respawn === true ? RESPAWN : []),
      process.execPath,
      join(PROJECT, 'cli/usher.mjs'),
      'start',
      ...['--state-dir', STATE_DIR, '--interface', 'eth0', '--k3s', k3sPath],
      ...images,
      ...applianceArgs,
    ],
    env: { USHER_CACHE_DIR: '/var/cache/usher' },
    binds: [...binds, ...(options.binds ?? [])],
    ...(onOutput === undefined ? {} : { onOutput }),
  });
}

async function openPort(lab: Lab, host: string, port: number, localPort: number): Promise<number> {
  try {
    return await lab.openRelay({ host, port, localPort });
  } catch (error) {
    if (!isUsherError(error, 'LISTEN_FAILED')) throw error;
    return lab.openRelay({ host, port });
  }
}

/** Waits until the page answers; the appliance writes cli.json anew at every start. */
async function untilReady(master: Machine, url: string, options: SiteOptions): Promise<CliJson> {
  const limitMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  let problem = 'no cli.json yet';
  try {
    return await until(options.clock ?? systemClock, 'the appliance', limitMs, async () => {
      if (options.signal?.aborted === true) throw new UsherError('STOPPED');
      if (!master.isOn) throw await endedError(master);
      const cli = await readCli(master);
      if (cli === undefined) return undefined;
      problem = await health(url, cli.caPem);
      return problem === HEALTHY ? cli : undefined;
    });
  } catch (error) {
    if (!isUsherError(error, 'TIMED_OUT')) throw error;
    throw new UsherError('TIMED_OUT', { what: `the appliance (${problem})`, limitMs }, { cause: error });
  }
}

async function endedError(master: Machine): Promise<UsherError> {
  const lines = (await readFile(master.consolePath, 'utf8')).trim().split('\n').slice(-6).join(' | ');
  return new UsherError('TOOL_FAILED', { tool: 'usher start on the master', detail: lines });
}

async function readCli(master: Machine): Promise<CliJson | undefined> {
  const text = await readIfThere(master.pathOnDisk(`${STATE_DIR}/cli.json`));
  if (text === undefined) return undefined;
  try {
    return CliJson.parse(JSON.parse(text));
  } catch (error) {
    // It may be read while it is being written.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** HEALTHY, or why the page does not answer yet. */
function health(url: string, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(`${url}/healthz`, { ca, timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? HEALTHY : `HTTP ${response.statusCode ?? 0}`);
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', (error) => {
      resolve(messageOf(error));
    });
    outgoing.end();
  });
}

/** Copies the master's kubeconfig with the relay's port in it; false when it has none. */
async function writeKubeconfig(from: string, to: string, port: number): Promise<boolean> {
  const text = await readIfThere(from);
  if (text === undefined) return false;
  await writeFile(to, text.replace(/server: https:\/\/\S+/, `server: https://127.0.0.1:${port}`), { mode: 0o600 });
  return true;
}

/** Asks the appliance for a card, as an operator who writes one does: with a token for `machine`, else a generic one. */
async function cardFromAppliance(lab: Lab, cliFile: string, machine: string | undefined): Promise<Card> {
  const appliance = findAppliance({ tokenFile: cliFile, env: {} });
  const client = new ApiClient(appliance);
  try {
    if (machine === undefined) {
      // Who tries the lab opens the page through the relay on this machine; the LAN is in another namespace.
      const claimBase = new URL(appliance.url).origin;
      const { card } = genericCard({
        ...{ site: await client.site(), claimBase, isLabelled: false },
        ...{ nowMs: systemClock.nowMs(), random: systemRandom },
      });
      return await lab.cards.write(card);
    }
    const { card } = await client.createToken({ kind: 'card', note: `lab ${machine}` });
    return await lab.cards.write(card as NonNullable<CardOptions['usherJson']>);
  } finally {
    client.close();
  }
}

async function plugPis(lab: Lab, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `pi-${index + 1}`);
  await Promise.all(names.map((name) => lab.addPi({ name })));
  await Promise.all(names.map((name) => lab.plug(name)));
}

/** Runs steps with progress; an abort is noticed between two of them. */
function stepper({
  onProgress,
  signal,
  clock = systemClock,
}: SiteOptions): <T>(step: string, work: () => Promise<T>) => Promise<T> {
  return async (step, work) => {
    if (signal?.aborted === true) throw new UsherError('STOPPED');
    const startMs = clock.nowMs();
    onProgress?.({ step, done: false, elapsedMs: 0 });
    const result = await work();
    onProgress?.({ step, done: true, elapsedMs: clock.nowMs() - startMs });
    return result;
  };
}

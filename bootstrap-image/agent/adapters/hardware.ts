import { realpath } from 'node:fs/promises';
import { machine } from 'node:os';
import { printable, normaliseMac } from '../../../foundation/text.ts';
import type { Hardware } from '../../../join/protocol/messages.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { readAttached } from './attached.ts';
import { diskError, isMissing } from './durable-file.ts';
import { readHealth } from './health.ts';
import { listNames, readFact } from './read-file.ts';

const MOST_MACS = 8;
const ETHERNET = '1';
/** Built-in names, so that a virtual Pi's eth0 (which has no driver) counts too; cni0, flannel.1 and veth… do not. */
const PHYSICAL_NAME = /^(eth|en|end|wlan|wl)\w*$/;

/** Names of `uname -m` as Go and Kubernetes call them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  armv8l: 'arm',
};

/** The architecture as the appliance names it: amd64, arm64, arm. */
export function architecture(): string {
  return ARCHITECTURES[machine()] ?? machine();
}

/** What the machine says of itself: a hint for people and claims, never evidence. */
export async function readHardware(paths: DevicePaths): Promise<Hardware> {
  const cpu = (await readFact(paths.cpuInfo)) ?? '';
  const memory = /^MemTotal:\s*(\d+) kB$/m.exec((await readFact(paths.memInfo)) ?? '')?.[1];
  return {
    arch: architecture(),
    macs: await readMacs(paths.networkInterfaces),
    ...(await readAttached(paths)),
    ...present('model', (await fromDeviceTree(paths, 'model')) ?? cpuField(cpu, 'Model'), 128),
    ...present('serial', (await fromDeviceTree(paths, 'serial-number')) ?? cpuField(cpu, 'Serial'), 32),
    ...present('revision', cpuField(cpu, 'Revision'), 16),
    ...present('duid', await fromDeviceTree(paths, 'chosen/rpi-duid'), 64),
    ...present('hostname', await readFact(paths.hostname), 63),
    ...(memory === undefined ? {} : { memoryMiB: Math.round(Number(memory) / 1024) }),
    ...(await readHealth(paths)),
  };
}

function present<K extends string>(name: K, text: string | undefined, limit: number): { [key in K]?: string } {
  const clean = text === undefined ? '' : printable(text, limit);
  const found: { [key in K]?: string } = {};
  if (clean !== '') found[name] = clean;
  return found;
}

async function fromDeviceTree(paths: DevicePaths, property: string): Promise<string | undefined> {
  for (const tree of paths.deviceTrees) {
    const value = await readFact(`${tree}/${property}`);
    if (value !== undefined) return value;
  }
  return undefined;
}

function cpuField(cpuInfo: string, field: string): string | undefined {
  return new RegExp(`^${field}\\s*:\\s*(.+)$`, 'm').exec(cpuInfo)?.[1];
}

async function readMacs(folder: string): Promise<string[]> {
  const macs: string[] = [];
  for (const name of await listNames(folder)) {
    if ((await readFact(`${folder}/${name}/type`)) !== ETHERNET || !(await isPhysical(folder, name))) continue;
    const mac = normaliseMac((await readFact(`${folder}/${name}/address`)) ?? '');
    if (mac !== undefined && mac !== '00:00:00:00:00:00' && !macs.includes(mac)) macs.push(mac);
  }
  return macs.slice(0, MOST_MACS);
}

async function isPhysical(folder: string, name: string): Promise<boolean> {
  if (PHYSICAL_NAME.test(name)) return true;
  try {
    await realpath(`${folder}/${name}/device`);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw diskError(error, name, folder);
  }
}

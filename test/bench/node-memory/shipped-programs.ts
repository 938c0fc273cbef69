import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsherError } from '../../../foundation/errors.ts';
import { bundlePrograms } from '../../../oci/bundle-programs.ts';
import { SHIPPED_IMAGES } from '../../../oci/shipped-images.ts';
import { type NodeContainer, nodeContainers } from '../../support/node-manifest.ts';
import type { Program } from './node-under-test.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** What the manifest runs on a node, as this machine runs it. */
export interface ShippedPrograms {
  readonly standby: Program;
  readonly devicePlugin: Program;
  readonly probe: Program;
}

/** Bundles the programs of the node's image into a folder, to be run as the manifest does: its flags, its environment. */
export async function shippedPrograms(folder: string): Promise<ShippedPrograms> {
  for (const image of SHIPPED_IMAGES) {
    const { entries } = await bundlePrograms(ROOT, image);
    for (const entry of entries) {
      if (entry.kind === 'file' && entry.content instanceof Uint8Array)
        await writeFile(join(folder, basename(entry.path)), entry.content);
    }
  }
  const containers = await nodeContainers();
  const [standby, devicePlugin] = [containerOf(containers, 'standby'), containerOf(containers, 'device-plugin')];
  return {
    standby: programOf(folder, standby, standby.command),
    devicePlugin: programOf(folder, devicePlugin, devicePlugin.command),
    probe: programOf(folder, standby, standby.livenessProbe?.exec.command ?? []),
  };
}

function programOf(folder: string, { env }: NodeContainer, [, ...args]: readonly string[]): Program {
  const given = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  const here = args.map((arg) => (arg.startsWith('/app/') ? join(folder, basename(arg)) : arg));
  return { command: [process.execPath, ...here], env: Object.fromEntries(given) };
}

function containerOf(containers: readonly NodeContainer[], name: string): NodeContainer {
  const found = containers.find((one) => one.name === name);
  if (found === undefined) throw new UsherError('INTERNAL', { detail: `the manifest has no container ${name}` });
  return found;
}

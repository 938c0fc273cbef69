import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { UsherError } from '../foundation/errors.ts';

/** One entry of an image's file system; `path` without a leading slash. */
export type ImageEntry =
  | { readonly kind: 'file'; readonly path: string; readonly content: Uint8Array; readonly mode?: number }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** A container image of one layer. */
export interface ImageSpec {
  /** In full, as containerd keeps it: `docker.io/usher/sample-app:1`. */
  readonly name: string;
  readonly entries: readonly ImageEntry[];
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const BLOCK_BYTES = 512;
const USTAR_PATH_BYTES = 100;
/** GOARCH of the machines Node runs on. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm' };

/**
 * An image as `docker load` and `ctr images import` read it (Docker image specification v1.2, combined layout), for the
 * processor of this machine. The same spec gives the same bytes: every time stamp is 0 and every owner root.
 */
export function imageArchive({ name, entries, command, env }: ImageSpec): Uint8Array {
  const layer = tar(entries);
  const layerId = sha256(layer);
  const config = json({
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Cmd: command,
      Env: Object.entries({ PATH: '/bin', ...env }).map(([key, value]) => `${key}=${value}`),
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerId}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'usher lab' }],
  });
  const configName = `${sha256(config)}.json`;
  const layerName = `${layerId}/layer.tar`;
  const manifest = json([{ Config: configName, RepoTags: [name], Layers: [layerName] }]);
  const plain = (path: string, content: Uint8Array): ImageEntry => ({ kind: 'file', path, content, mode: 0o644 });
  return tar([plain(configName, config), plain(layerName, layer), plain('manifest.json', manifest)]);
}

/** Writes the archive of an image to `path`. */
export async function writeImage(path: string, spec: ImageSpec): Promise<void> {
  await writeFile(path, imageArchive(spec));
}

/**
 * Checks that a program needs no files beside itself, so that it can run in an image of its own.
 * @throws UsherError TOOL_MISSING when it is not there or is linked dynamically
 */
export async function readStaticProgram(path: string, debianPackage: string): Promise<Uint8Array> {
  const missing = (cause?: unknown): UsherError =>
    new UsherError('TOOL_MISSING', { tool: `${path} (statically linked)`, package: debianPackage }, { cause });
  const content = await readFile(path).catch((error: unknown) => {
    throw missing(error);
  });
  if (hasInterpreter(content)) throw missing();
  return content;
}

/** True when an ELF file of 64 bits has a PT_INTERP program header (System V ABI, ELF-64 object file format). */
function hasInterpreter(elf: Buffer): boolean {
  const PT_INTERP = 3;
  const offset = Number(elf.readBigUInt64LE(32));
  const entryBytes = elf.readUInt16LE(54);
  const count = elf.readUInt16LE(56);
  return Array.from({ length: count }, (_, i) => elf.readUInt32LE(offset + i * entryBytes)).includes(PT_INTERP);
}

/** A tar file (POSIX.1-1988 ustar) of `entries` in their order. */
function tar(entries: readonly ImageEntry[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const content = entry.kind === 'file' ? entry.content : new Uint8Array();
    return [tarHeader(entry, content.length), content, new Uint8Array(padding(content.length))];
  });
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK_BYTES)]);
}

function tarHeader(entry: ImageEntry, bytes: number): Uint8Array {
  const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
  const target = entry.kind === 'link' ? entry.target : '';
  if (Buffer.byteLength(path) > USTAR_PATH_BYTES || Buffer.byteLength(target) > USTAR_PATH_BYTES) {
    throw new UsherError('INTERNAL', { detail: `the path ${path} is too long for an image` });
  }
  const mode = entry.kind === 'file' ? (entry.mode ?? 0o755) : 0o755;
  const type = { file: '0', link: '2', folder: '5' }[entry.kind];
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(path, 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(target, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function padding(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

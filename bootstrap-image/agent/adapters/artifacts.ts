import { createHash, type Hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, mkdir, open, readdir, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { Artifact, ArtifactList } from '../../../join/protocol/messages.ts';
import type { Progress } from '../core/console-text.ts';
import type { DevicePaths } from '../core/device-paths.ts';
import { ELF_HEAD_BYTES, elfArchitecture } from '../core/elf.ts';
import { refusalCodeOf } from '../core/refusal.ts';
import { diskError, isMissing, moveDurably, removeDurably, writeDurably } from './durable-file.ts';
import type { ArtifactBytes, EnrolClient } from './enrol-client.ts';
import { readText } from './read-file.ts';
import { parseJson } from './state-file.ts';

const READ_BYTES = 256 * 1024;

/** Size, time and hash of files that were checked before, by path. */
const HashCache = z.record(z.string(), z.object({ bytes: z.number(), mtimeMs: z.number(), sha256: z.string() }));
type HashCache = z.infer<typeof HashCache>;

export interface ArtifactStoreOptions {
  readonly paths: DevicePaths;
  readonly logger: Logger;
}

/** Told about every piece that arrives. */
export type OnProgress = (progress: Progress) => void;

/** k3s and its images on this device. */
export class ArtifactStore {
  readonly #options: ArtifactStoreOptions;

  constructor(options: ArtifactStoreOptions) {
    this.#options = options;
  }

  /**
   * Fetches whatever this device lacks of the appliance's list; what is there with the right hash is left alone.
   * @returns the k3s version of the list
   * @throws UsherError ARCHITECTURE_UNSUPPORTED, K3S_OF_OTHER_ARCHITECTURE, ARTIFACT_HASH_MISMATCH, DISK_FULL, or what
   * EnrolClient throws
   */
  async ensure(client: EnrolClient, arch: string, onProgress: OnProgress): Promise<string> {
    const list = await listOf(client, arch);
    if (!list.artifacts.some((artifact) => artifact.kind === 'k3s')) {
      throw new UsherError('ARCHITECTURE_UNSUPPORTED', { arch });
    }
    for (const artifact of list.artifacts) await this.#ensureOne(client, artifact, onProgress);
    await checkMachine(this.#options.paths.k3s, arch);
    return list.k3sVersion;
  }

  async #ensureOne(client: EnrolClient, artifact: Artifact, onProgress: OnProgress): Promise<void> {
    const { paths } = this.#options;
    const isProgram = artifact.kind === 'k3s';
    const target = isProgram ? paths.k3s : join(paths.images, artifact.name);
    if (await this.#isThere(target, artifact)) {
      if (isProgram) await chmod(target, 0o755);
      return;
    }
    const part = join(dirname(target), `.${artifact.name}.${artifact.sha256.slice(0, 12)}.part`);
    try {
      await mkdir(dirname(target), { recursive: true });
      await removeOtherParts(part, artifact.name);
      await this.#download(part, artifact, (fromByte) => client.artifact(artifact.sha256, fromByte), onProgress);
      await chmod(part, isProgram ? 0o755 : 0o644);
      await moveDurably(part, target);
    } catch (error) {
      throw diskError(error, artifact.name, target);
    }
    await this.#remember(target, artifact.sha256);
    this.#options.logger.info({ name: artifact.name, bytes: artifact.bytes }, 'fetched');
  }

  /** Appends to what an earlier try left, checks the hash of the whole, and has it on the disk for good. */
  async #download(path: string, artifact: Artifact, request: RequestBytes, onProgress: OnProgress): Promise<void> {
    const file = await open(path, 'a+', 0o600);
    try {
      const part: Part = { file, hash: createHash('sha256'), bytes: 0 };
      for await (const chunk of readChunks(file)) countIn(part, chunk);
      if (part.bytes > artifact.bytes) await startOver(part);
      if (part.bytes < artifact.bytes) {
        await checkRoom(path, artifact, part.bytes);
        await receive(part, artifact, await request(part.bytes), onProgress);
      }
      await file.sync();
      const actual = part.hash.digest('hex');
      if (actual !== artifact.sha256) {
        await removeDurably(path);
        const params = { name: artifact.name, actual, expected: artifact.sha256 };
        throw new UsherError('ARTIFACT_HASH_MISMATCH', params);
      }
    } finally {
      await file.close();
    }
  }

  async #isThere(path: string, artifact: Artifact): Promise<boolean> {
    const found = await statOf(path);
    if (found?.size !== artifact.bytes) return false;
    const known = (await this.#readCache())[path];
    if (known?.bytes === found.size && known.mtimeMs === found.mtimeMs) return known.sha256 === artifact.sha256;
    const file = await open(path, 'r');
    const hash = createHash('sha256');
    try {
      for await (const chunk of readChunks(file)) hash.update(chunk);
    } finally {
      await file.close();
    }
    const sha256 = hash.digest('hex');
    await this.#remember(path, sha256);
    return sha256 === artifact.sha256;
  }

  async #remember(path: string, sha256: string): Promise<void> {
    const found = await statOf(path);
    if (found === undefined) return;
    const cache = { ...(await this.#readCache()), [path]: { bytes: found.size, mtimeMs: found.mtimeMs, sha256 } };
    await writeDurably(this.#options.paths.hashes, `${JSON.stringify(cache)}\n`, 0o600);
  }

  async #readCache(): Promise<HashCache> {
    const parsed = HashCache.safeParse(parseJson((await readText(this.#options.paths.hashes)) ?? '{}'));
    return parsed.success ? parsed.data : {};
  }
}

/** A refusal for want of a k3s is a fault of the site that its operators must see, so it becomes an error of our own. */
async function listOf(client: EnrolClient, arch: string): Promise<ArtifactList> {
  try {
    return await client.artifacts(arch);
  } catch (error) {
    if (isUsherError(error) && refusalCodeOf(error) === 'ARCHITECTURE_UNSUPPORTED')
      throw new UsherError('ARCHITECTURE_UNSUPPORTED', { arch }, { cause: error });
    throw error;
  }
}

/** @throws UsherError K3S_OF_OTHER_ARCHITECTURE when the program is one for another processor */
async function checkMachine(path: string, arch: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(ELF_HEAD_BYTES);
    await file.read(head, 0, ELF_HEAD_BYTES, 0);
    const actual = elfArchitecture(head);
    if (actual !== undefined && actual !== arch) throw new UsherError('K3S_OF_OTHER_ARCHITECTURE', { actual, arch });
  } finally {
    await file.close();
  }
}

/** A file that is being fetched, and the hash of what it holds so far. */
interface Part {
  readonly file: FileHandle;
  hash: Hash;
  bytes: number;
}

type RequestBytes = (fromByte: number) => Promise<ArtifactBytes>;

async function receive(part: Part, artifact: Artifact, sent: ArtifactBytes, onProgress: OnProgress): Promise<void> {
  if (sent.fromByte !== part.bytes) await startOver(part);
  for await (const chunk of sent.chunks) {
    await part.file.write(chunk);
    countIn(part, chunk);
    onProgress({ name: artifact.name, doneBytes: part.bytes, totalBytes: artifact.bytes });
    if (part.bytes > artifact.bytes) break;
  }
}

function countIn(part: Part, chunk: Uint8Array): void {
  part.hash.update(chunk);
  part.bytes += chunk.length;
}

async function startOver(part: Part): Promise<void> {
  await part.file.truncate(0);
  part.hash = createHash('sha256');
  part.bytes = 0;
}

async function* readChunks(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(READ_BYTES);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** Says so before the card is full, where the file system can tell. */
async function checkRoom(path: string, artifact: Artifact, doneBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < artifact.bytes - doneBytes) {
    throw new UsherError('DISK_FULL', { what: artifact.name, path: dirname(path) });
  }
}

/** Parts of older versions of the same file are of no use and take room. */
async function removeOtherParts(part: string, name: string): Promise<void> {
  for (const other of await readdir(dirname(part))) {
    const isPart = other.startsWith(`.${name}.`) && other.endsWith('.part');
    if (isPart && other !== basename(part)) await removeDurably(join(dirname(part), other));
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, path, path);
  }
}

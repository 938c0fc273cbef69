import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { Artifact, type ArtifactList } from '../protocol/messages.ts';

/** A file of this machine that devices of one architecture need before they can join. */
export interface ArtifactFile {
  kind: Artifact['kind'];
  /** Name on the device; the file's own by default. */
  name?: string;
  path: string;
  /** As Go or `uname -m` name it. */
  arch: string;
}

export interface ArtifactsOptions {
  k3sVersion: string;
  /** The pause image among the images, when it is not the one that k3s names itself. */
  pauseImage?: string;
  /** Where known hashes are kept, so that hundreds of megabytes are read once and not at each start. */
  cacheFile?: string;
  logger: Logger;
}

interface Registered {
  artifact: Artifact;
  arch: string;
  path: string;
  mtimeMs: number;
}

const HashCache = z.record(z.string(), z.object({ bytes: z.number(), mtimeMs: z.number(), sha256: z.string() }));
type HashCache = z.infer<typeof HashCache>;

/** Names that `uname -m` has for what Go and Kubernetes call otherwise. */
const GO_NAMES: Readonly<Record<string, string>> = { aarch64: 'arm64', x86_64: 'amd64', armv7l: 'arm', armv6l: 'arm' };

/** The files that devices fetch: k3s itself and the images it would else pull from outside the site. */
export class Artifacts {
  readonly k3sVersion: string;
  readonly pauseImage: string | undefined;
  readonly #cacheFile: string | undefined;
  readonly #logger: Logger;
  #files: Registered[] = [];
  #cache: Promise<HashCache> | undefined;
  /** Writes of the cache file, one after the other. */
  #saved: Promise<void> = Promise.resolve();

  constructor({ k3sVersion, pauseImage, cacheFile, logger }: ArtifactsOptions) {
    this.k3sVersion = k3sVersion;
    this.pauseImage = pauseImage;
    this.#cacheFile = cacheFile;
    this.#logger = logger;
  }

  /**
   * Offers a file; one of the same kind, name and architecture is replaced. Reads it once for its hash.
   * @throws UsherError CONFIG_INVALID when it cannot be read or its name would not do on a device
   */
  async register(file: ArtifactFile): Promise<Artifact> {
    const path = resolve(file.path);
    const { bytes, mtimeMs, sha256 } = await this.#measure(path);
    const parsed = Artifact.safeParse({ kind: file.kind, name: file.name ?? basename(path), sha256, bytes });
    if (!parsed.success)
      throw new UsherError('CONFIG_INVALID', { detail: `${path} has a name that k3s would not read` });
    const artifact = parsed.data;
    const arch = goArchitecture(file.arch);
    const isOther = (known: Registered): boolean =>
      known.arch !== arch || known.artifact.kind !== artifact.kind || known.artifact.name !== artifact.name;
    this.#files = [...this.#files.filter(isOther), { artifact, arch, path, mtimeMs }];
    return artifact;
  }

  /**
   * What a device of that architecture needs.
   * @throws UsherError ARCHITECTURE_UNSUPPORTED when there is no k3s for it
   */
  listFor(arch: string): ArtifactList {
    const own = this.#files.filter((file) => file.arch === goArchitecture(arch)).map(({ artifact }) => artifact);
    if (!own.some(({ kind }) => kind === 'k3s')) throw new UsherError('ARCHITECTURE_UNSUPPORTED', { arch });
    return { v: 1, k3sVersion: this.k3sVersion, artifacts: own };
  }

  /**
   * Path of the file with that hash. A file that was changed since it was registered is not given out under its old hash.
   * @throws UsherError ARTIFACT_UNKNOWN
   */
  async pathOf(sha256: string): Promise<string> {
    for (const { artifact, path, mtimeMs } of this.#files.filter((file) => file.artifact.sha256 === sha256)) {
      const now = await this.#statOf(path);
      if (now?.bytes === artifact.bytes && now.mtimeMs === mtimeMs) return path;
      this.#logger.warn({ path, sha256 }, 'a file offered to devices has changed since it was registered');
    }
    throw new UsherError('ARTIFACT_UNKNOWN', { sha256 });
  }

  async #measure(path: string): Promise<{ bytes: number; mtimeMs: number; sha256: string }> {
    try {
      const { size: bytes, mtimeMs } = await stat(path);
      this.#cache ??= this.#loadCache();
      const cache = await this.#cache;
      const known = cache[path];
      if (known?.bytes === bytes && known.mtimeMs === mtimeMs) return known;
      const hash = createHash('sha256');
      await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
      const measured = { bytes, mtimeMs, sha256: hash.digest('hex') };
      cache[path] = measured;
      await this.#saveCache(cache);
      return measured;
    } catch (error) {
      throw new UsherError('CONFIG_INVALID', { detail: `${path}: ${messageOf(error)}` }, { cause: error });
    }
  }

  async #statOf(path: string): Promise<{ bytes: number; mtimeMs: number } | undefined> {
    try {
      const { size: bytes, mtimeMs } = await stat(path);
      return { bytes, mtimeMs };
    } catch (error) {
      this.#logger.warn({ path, error: messageOf(error) }, 'a file offered to devices cannot be read');
      return undefined;
    }
  }

  async #loadCache(): Promise<HashCache> {
    if (this.#cacheFile === undefined) return {};
    try {
      return HashCache.parse(JSON.parse(await readFile(this.#cacheFile, 'utf8')));
    } catch (error) {
      // Absent at the first start; a damaged one costs one more reading of the files.
      this.#logger.debug({ cacheFile: this.#cacheFile, error: messageOf(error) }, 'no known hashes of artifacts');
      return {};
    }
  }

  #saveCache(cache: HashCache): Promise<void> {
    const file = this.#cacheFile;
    if (file === undefined) return Promise.resolve();
    this.#saved = this.#saved.then(async () => {
      try {
        await mkdir(dirname(file), { recursive: true });
        await writeFile(`${file}.new`, JSON.stringify(cache), { mode: 0o600 });
        await rename(`${file}.new`, file);
      } catch (error) {
        this.#logger.warn({ file, error: messageOf(error) }, 'hashes of artifacts cannot be kept');
      }
    });
    return this.#saved;
  }
}

/** The architecture as Go and Kubernetes name it. */
function goArchitecture(arch: string): string {
  return GO_NAMES[arch] ?? arch;
}

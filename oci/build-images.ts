import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import { documentBlob, writeArchive, type ArchivedImage, type Blob } from './archive-writer.ts';
import { bundlePrograms, type Programs } from './bundle-programs.ts';
import { IMAGE_USER, type Architecture, type ImageDescription } from './core/image-description.ts';
import { imageConfig, imageManifest, platformIndex } from './core/image-documents.ts';
import { OWN_HOST } from './core/image-name.ts';
import { mergedLinks, type LayerEntry } from './core/layer-plan.ts';
import { sbom, type Component } from './core/sbom.ts';
import { debianRelease, DebianPackages, entriesOf, type DebianPackage } from './debian-packages.ts';
import { writeLayer, type StoredLayer } from './layer-writer.ts';
import { nativeEntries } from './native-packages.ts';
import { NODE_VERSION, nodeEntries } from './node-runtime.ts';

export interface BuildImagesOptions {
  /** The checkout. */
  readonly root: string;
  readonly version: string;
  readonly architectures: readonly Architecture[];
  /** Usher's cache folder; what is fetched and the layers lie in `oci/` below it. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly onProgress: (line: string) => void;
}

/** What Node itself needs of Debian; the same for every image, so that a node keeps it once. */
const BASE_PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'netbase'];
const SBOM_PATH = 'usr/share/doc/usher/sbom.cdx.json';
const LABEL = 'internal.usher';

/**
 * Builds images from their descriptions into one archive, for all architectures on this machine: packages are unpacked,
 * nothing of theirs is run. The same descriptions, sources and packages give the same bytes.
 * @returns the names of the images, in the order of the descriptions
 * @throws UsherError TOOL_MISSING, TOOL_FAILED, OCI_SOURCE_MISSING, OCI_DIGEST_MISMATCH
 */
export async function buildImages(
  path: string,
  descriptions: readonly ImageDescription[],
  options: BuildImagesOptions,
): Promise<string[]> {
  const builder = new ImageBuilder(options);
  const blobs: Blob[] = [];
  const images: ArchivedImage[] = [];
  for (const description of descriptions) images.push(await builder.build(description, blobs));
  options.onProgress(`Writing ${path}`);
  await writeArchive(path, images, blobs);
  return images.map(({ name }) => name);
}

class ImageBuilder {
  readonly #options: BuildImagesOptions;
  readonly #cacheDir: string;
  readonly #debian: DebianPackages;
  readonly #bases = new Map<Architecture, Promise<DebianPackage[]>>();

  constructor(options: BuildImagesOptions) {
    this.#options = options;
    this.#cacheDir = join(options.cacheDir, 'oci');
    this.#debian = new DebianPackages({ ...options, cacheDir: this.#cacheDir });
  }

  /** Builds one image and adds its blobs to those of the archive. */
  async build(description: ImageDescription, blobs: Blob[]): Promise<ArchivedImage> {
    const { architectures, root, onProgress, version } = this.#options;
    onProgress(`Bundling the programs of ${description.name}`);
    const programs = await bundlePrograms(root, description);
    const manifests = [];
    for (const architecture of architectures) {
      const manifest = await this.#forArchitecture(description, programs, architecture, blobs);
      blobs.push(manifest);
      manifests.push({ architecture, digest: manifest.digest, size: manifest.size });
    }
    return { name: `${OWN_HOST}/${description.name}:${version}`, index: documentBlob(platformIndex(manifests)) };
  }

  async #forArchitecture(
    description: ImageDescription,
    programs: Programs,
    architecture: Architecture,
    blobs: Blob[],
  ): Promise<Blob> {
    const { version, root } = this.#options;
    const { name, nativePackages = [], debianPackages = [] } = description;
    const release = await debianRelease();
    const base = await this.#basePackages(architecture);
    const further = debianPackages.length === 0 ? [] : await this.#debian.fetch(debianPackages, architecture);
    const native = await nativeEntries(root, name, nativePackages, architecture);
    const debian = [...base, ...further];
    const components: Component[] = [
      ...debian.map((one) => ({ name: one.name, version: one.version, origin: 'debian' as const })),
      { name: 'node', version: NODE_VERSION, origin: 'node' },
      ...uniqueOf([...programs.components, ...native.components]),
    ];
    const bill = sbom({ name, version, architecture, debian: release }, components);
    const own: LayerEntry[] = [...programs.entries, ...native.entries, textFile(SBOM_PATH, bill)];
    const layers = [
      await this.#debianLayer(`Debian ${release}`, base, baseEntries(release), architecture),
      await this.#nodeLayer(architecture),
      ...(further.length === 0 ? [] : [await this.#debianLayer('further packages', further, [], architecture)]),
      await this.#layer(name, architecture, contentKey(own), () => Promise.resolve(own)),
    ];
    const labels = labelsOf(description, version, release, debian);
    const config = documentBlob(imageConfig({ description, architecture, layers, labels }));
    blobs.push(...layers, config);
    return documentBlob(imageManifest(config, layers));
  }

  /** Asked for once: it takes apt seconds to read its lists. */
  #basePackages(arch: Architecture): Promise<DebianPackage[]> {
    const known = this.#bases.get(arch) ?? this.#debian.fetch(BASE_PACKAGES, arch);
    this.#bases.set(arch, known);
    return known;
  }

  #debianLayer(
    what: string,
    packages: readonly DebianPackage[],
    others: readonly LayerEntry[],
    arch: Architecture,
  ): Promise<StoredLayer> {
    const key = [contentKey(others), ...packages.map(({ name, sha256 }) => `${name} ${sha256}`)].join('\n');
    return this.#layer(what, arch, key, async () => {
      const entries = (await Promise.all(packages.map((each) => entriesOf(each)))).flat();
      return [...entries, ...certificateBundle(entries), ...others];
    });
  }

  #nodeLayer(arch: Architecture): Promise<StoredLayer> {
    const options = { ...this.#options, cacheDir: this.#cacheDir };
    return this.#layer(`Node ${NODE_VERSION}`, arch, NODE_VERSION, () => nodeEntries(arch, options));
  }

  #layer(what: string, arch: Architecture, key: string, entries: () => Promise<LayerEntry[]>): Promise<StoredLayer> {
    const { onProgress } = this.#options;
    return writeLayer(this.#cacheDir, {
      what,
      key: `${what} ${arch} ${key}`,
      entries: () => {
        onProgress(`Packing ${what} for ${arch}`);
        return entries();
      },
    });
  }
}

/** What a root file system has beside packages: users, where names are looked up, a place for what is temporary. */
function baseEntries(release: string): LayerEntry[] {
  const id = String(IMAGE_USER);
  return [
    ...mergedLinks(),
    ...['dev', 'proc', 'sys', 'run', 'app'].map((path): LayerEntry => ({ kind: 'folder', path, mode: 0o755 })),
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
    textFile('etc/passwd', `root:x:0:0:root:/root:/sbin/nologin\nusher:x:${id}:${id}:usher:/:/sbin/nologin\n`),
    textFile('etc/group', `root:x:0:\nusher:x:${id}:\n`),
    textFile('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    textFile('etc/os-release', `ID=debian\nVERSION_ID="${release}"\nPRETTY_NAME="Usher base on Debian ${release}"\n`),
  ];
}

/** What the scripts of ca-certificates, which are not run, would make of its files. */
function certificateBundle(entries: readonly LayerEntry[]): LayerEntry[] {
  const certificates = entries
    .flatMap((entry) => (entry.kind === 'file' && isCertificate(entry.path) ? [entry] : []))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  if (certificates.length === 0) return [];
  const texts = certificates.flatMap(({ content }) =>
    content instanceof Uint8Array ? [Buffer.from(content).toString()] : [],
  );
  return [textFile('etc/ssl/certs/ca-certificates.crt', texts.join(''))];
}

function isCertificate(path: string): boolean {
  return path.startsWith('usr/share/ca-certificates/') && path.endsWith('.crt');
}

function labelsOf(
  { title, name }: ImageDescription,
  version: string,
  release: string,
  debian: readonly DebianPackage[],
): Record<string, string> {
  return {
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.description': title,
    'org.opencontainers.image.version': version,
    [`${LABEL}.debian`]: release,
    [`${LABEL}.debian-packages`]: debian.map((one) => `${one.name}=${one.version}`).join(' '),
    [`${LABEL}.node`]: NODE_VERSION,
    [`${LABEL}.sbom`]: `/${SBOM_PATH}`,
  };
}

function textFile(path: string, text: string): LayerEntry {
  return { kind: 'file', path, mode: 0o644, content: Buffer.from(text) };
}

function contentKey(entries: readonly LayerEntry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries) {
    const rest = entry.kind === 'file' ? entry.mode : entry.kind === 'link' ? entry.target : entry.mode;
    hash.update(JSON.stringify([entry.kind, entry.path, rest]));
    if (entry.kind === 'file' && entry.content instanceof Uint8Array)
      hash.update(String(entry.content.length)).update(entry.content);
  }
  return hash.digest('hex');
}

function uniqueOf(components: readonly Component[]): Component[] {
  return [...new Map(components.map((one) => [`${one.name}@${one.version}`, one])).values()];
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../foundation/cache-directory.ts';
import { systemClock } from '../../foundation/clock.ts';
import { buildImages } from '../../oci/build-images.ts';
import type { Architecture, ImageDescription } from '../../oci/core/image-description.ts';
import { SHIPPED_IMAGES } from '../../oci/shipped-images.ts';

/** A program of a test, made into an image as those of the product are. */
export interface ImageSource {
  readonly name: string;
  readonly version: string;
  /** TypeScript of its only program. */
  readonly program: string;
  readonly architectures: readonly Architecture[];
  readonly more?: Partial<ImageDescription>;
}

/** Builds the archive of the image that runs on every node, for one architecture, into a folder. */
export async function buildNodeImage(folder: string, version: string, architecture: Architecture): Promise<string> {
  const path = join(folder, 'usher-node.oci.tar');
  await buildImages(path, SHIPPED_IMAGES, {
    ...{ root: join(import.meta.dirname, '../..'), version, architectures: [architecture] },
    ...{ cacheDir: cacheDirectory(process.env), clock: systemClock, onProgress: () => undefined },
  });
  return path;
}

/** Builds an archive with that image and gives its path, in a folder that `remove` takes away. */
export async function buildTestImage(source: ImageSource): Promise<{ path: string; remove: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), 'usher-image-'));
  await writeFile(join(root, 'main.ts'), source.program);
  await writeFile(join(root, 'package.json'), '{}');
  const path = join(root, 'image.oci.tar');
  const description: ImageDescription = {
    name: source.name,
    title: 'An image of a test',
    bundles: [{ entry: 'main.ts', path: '/app/main.mjs' }],
    command: ['/usr/bin/node', '/app/main.mjs'],
    ...source.more,
  };
  await buildImages(path, [description], {
    ...{ root, version: source.version, architectures: source.architectures },
    ...{ cacheDir: cacheDirectory(process.env), clock: systemClock, onProgress: () => undefined },
  });
  return { path, remove: () => rm(root, { recursive: true, force: true }) };
}

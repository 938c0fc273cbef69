import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { cacheDirectory } from '../foundation/cache-directory.ts';
import { systemClock } from '../foundation/clock.ts';
import { asUsherError, UsherError } from '../foundation/errors.ts';
import { buildImages } from '../oci/build-images.ts';
import { ARCHITECTURES, type Architecture, type ImageDescription } from '../oci/core/image-description.ts';
import { SHIPPED_IMAGES } from '../oci/shipped-images.ts';

// usage: npm run images -- [NAME…] [--arch arm64]… [--version V] [--out DIR]
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    arch: { type: 'string', multiple: true, default: [...ARCHITECTURES] },
    version: { type: 'string', default: packageJson.version },
    out: { type: 'string', default: join(cacheDirectory(process.env), 'images') },
  },
});

try {
  const known = [...SHIPPED_IMAGES, ...(await exampleImages())];
  const chosen = positionals.length === 0 ? known : positionals.map((name) => named(known, name));
  const [only] = chosen.length === 1 ? chosen : [];
  const path = resolve(values.out, `${only?.name ?? 'usher-images'}-${values.version}.oci.tar`);
  const names = await buildImages(path, chosen, {
    root: ROOT,
    version: values.version,
    architectures: values.arch.map(architectureOf),
    cacheDir: cacheDirectory(process.env),
    clock: systemClock,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stderr.write(`${names.join('\n')}\nBring them to the site with: usher oci load ${path}\n`);
  process.stdout.write(`${path}\n`);
} catch (error) {
  const { code, message, remedy } = asUsherError(error);
  process.stderr.write(`${code}: ${message}\n${remedy}\n`);
  process.exitCode = 1;
}

/** What each example says of its image: the `image` of its `image.ts`. */
async function exampleImages(): Promise<ImageDescription[]> {
  const folder = join(ROOT, 'examples');
  const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: ImageDescription[] = [];
  for (const { name } of names.filter((entry) => entry.isDirectory())) {
    const files = await readdir(join(folder, name));
    if (!files.includes('image.ts')) continue;
    const url = pathToFileURL(join(folder, name, 'image.ts')).href;
    const { image } = (await import(url)) as { image: ImageDescription };
    found.push(image);
  }
  return found;
}

function named(known: readonly ImageDescription[], name: string): ImageDescription {
  const found = known.find((image) => image.name === name);
  if (found !== undefined) return found;
  const detail = `there is no such image; there are ${known.map((image) => image.name).join(', ')}`;
  throw new UsherError('OCI_SOURCE_MISSING', { name, detail });
}

function architectureOf(text: string): Architecture {
  const found = ARCHITECTURES.find((each) => each === text);
  if (found === undefined) throw new UsherError('ARCHITECTURE_UNSUPPORTED', { arch: text });
  return found;
}

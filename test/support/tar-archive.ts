import { createHash } from 'node:crypto';
import { pack } from 'tar-stream';

/** What stands in a tar of a test: text or bytes by path, or a link. */
export type TarContent = Readonly<Record<string, string | Uint8Array | { link: string }>>;

/** A tar of that content, in its order. */
export async function tarOf(content: TarContent): Promise<Buffer> {
  const tar = pack();
  for (const [name, value] of Object.entries(content)) {
    if (typeof value === 'string' || value instanceof Uint8Array) tar.entry({ name }, Buffer.from(value));
    else tar.entry({ name, type: 'symlink', linkname: value.link });
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export interface TestImage {
  readonly name?: string;
  readonly architecture?: string;
  readonly os?: string;
  readonly layer?: string;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The files of an OCI image layout with one image of one layer. */
export function ociLayout({
  name = 'usher.internal/probe:1',
  architecture = 'arm64',
  os = 'linux',
  layer = 'layer',
}: TestImage = {}): Record<string, string> {
  const blobs: Record<string, string> = {};
  const add = (text: string): { digest: string; size: number } => {
    blobs[`blobs/sha256/${sha256(text)}`] = text;
    return { digest: `sha256:${sha256(text)}`, size: Buffer.byteLength(text) };
  };
  const layerType = 'application/vnd.oci.image.layer.v1.tar';
  const diffIds = [`sha256:${sha256(layer)}`];
  const config = add(JSON.stringify({ architecture, os, rootfs: { type: 'layers', diff_ids: diffIds } }));
  const manifest = add(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: layerType, ...add(layer) }],
    }),
  );
  const annotations = name === '' ? {} : { annotations: { 'io.containerd.image.name': name } };
  const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, ...annotations };
  return {
    'oci-layout': JSON.stringify({ imageLayoutVersion: '1.0.0' }),
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
    ...blobs,
  };
}

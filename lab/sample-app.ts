import { type ImageEntry, type ImageSpec, readStaticProgram } from './images.ts';

/** What busybox is called by in the image. */
const APPLETS = [
  'sh',
  'httpd',
  'wget',
  'ping',
  'sleep',
  'cat',
  'ls',
  'hostname',
  'ip',
  'nc',
  'nslookup',
  'ps',
  'id',
  'env',
];
const FOLDERS = ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp', 'www'];

export const SAMPLE_APP = 'docker.io/usher/sample-app:1';

/**
 * The image of the lab's sample service: busybox, which by default serves `hello` on port 8080.
 * @throws UsherError TOOL_MISSING without a static busybox
 */
export async function sampleApp(): Promise<ImageSpec> {
  const busybox = await readStaticProgram('/bin/busybox', 'busybox-static');
  const entries: ImageEntry[] = [
    ...FOLDERS.map((path): ImageEntry => ({ kind: 'folder', path })),
    { kind: 'file', path: 'bin/busybox', content: busybox },
    ...APPLETS.map((name): ImageEntry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'file', path: 'www/index.html', content: Buffer.from('hello\n'), mode: 0o644 },
  ];
  return { name: SAMPLE_APP, entries, command: ['/bin/httpd', '-f', '-p', '8080', '-h', '/www'] };
}

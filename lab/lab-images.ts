import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageEntry, type ImageSpec, readStaticProgram, writeImage } from './images.ts';
import { sampleApp } from './sample-app.ts';

/** The pause image of a lab whose k3s cannot fetch its own: nodes are told so by `--pause-image`. */
export const LAB_PAUSE_IMAGE = 'docker.io/usher/lab-pause:1';

/**
 * Writes the images that a lab with a k3s of its own needs without any network: a pause image and the sample app, both
 * of static busybox.
 * @returns the folder with the archives
 * @throws UsherError TOOL_MISSING without a static busybox
 */
export async function writeLabImages(cacheDir: string): Promise<string> {
  const folder = join(cacheDir, 'lab-images');
  await mkdir(folder, { recursive: true });
  await writeImage(join(folder, 'lab-pause.tar'), await pause());
  await writeImage(join(folder, 'sample-app.tar'), await sampleApp());
  return folder;
}

/** Holds a pod's namespaces: sleeps, reaps what is orphaned there, and ends when asked. */
async function pause(): Promise<ImageSpec> {
  const busybox = await readStaticProgram('/bin/busybox', 'busybox-static');
  const entries: ImageEntry[] = [
    { kind: 'folder', path: 'bin' },
    { kind: 'file', path: 'bin/busybox', content: busybox },
    { kind: 'link', path: 'bin/sh', target: 'busybox' },
    { kind: 'link', path: 'bin/sleep', target: 'busybox' },
  ];
  return {
    name: LAB_PAUSE_IMAGE,
    entries,
    command: ['/bin/sh', '-c', "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"],
  };
}

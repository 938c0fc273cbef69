import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'press-counter',
  title: 'Counts the strokes of a press over the network',
  bundles: [{ entry: 'examples/press-counter/main.ts', path: '/app/main.mjs' }],
  nativePackages: ['@serialport/bindings-cpp'],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

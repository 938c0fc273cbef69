import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'lathe-vibration',
  title: 'Reads the vibration sensor of a lathe on a serial line',
  bundles: [{ entry: 'examples/lathe-vibration/main.ts', path: '/app/main.mjs' }],
  nativePackages: ['@serialport/bindings-cpp'],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

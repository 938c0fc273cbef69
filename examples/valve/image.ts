import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'valve',
  title: 'Drives a valve with a watchdog on a serial line',
  bundles: [{ entry: 'examples/valve/main.ts', path: '/app/main.mjs' }],
  nativePackages: ['@serialport/bindings-cpp'],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

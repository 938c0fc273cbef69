import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'tank-level',
  title: 'Reads the level of a water tank from a pressure sensor on I2C',
  debianPackages: ['i2c-tools', 'libi2c0'],
  bundles: [{ entry: 'examples/tank-level/main.ts', path: '/app/main.mjs' }],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

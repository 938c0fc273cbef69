import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'tank-guard',
  title: 'Closes the inlet valve of a tank when the tank is high',
  bundles: [{ entry: 'examples/tank-guard/main.ts', path: '/app/main.mjs' }],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

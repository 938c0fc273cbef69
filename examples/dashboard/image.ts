import type { ImageDescription } from '../../oci/core/image-description.ts';

export const image: ImageDescription = {
  name: 'dashboard',
  title: 'Shows the last values of the site, and who is active',
  bundles: [{ entry: 'examples/dashboard/main.ts', path: '/app/main.mjs' }],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

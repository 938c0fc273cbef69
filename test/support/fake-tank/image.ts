import type { ImageDescription } from '../../../oci/core/image-description.ts';

export const fakeTankImage: ImageDescription = {
  name: 'fake-tank',
  title: 'For tests: the tank level service without a sensor',
  bundles: [{ entry: 'test/support/fake-tank/main.ts', path: '/app/main.mjs' }],
  command: ['/usr/bin/node', '/app/main.mjs'],
};

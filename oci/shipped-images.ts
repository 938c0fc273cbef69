import type { ImageDescription } from './core/image-description.ts';

/** The images that the product itself needs; those of `examples/` describe themselves in their `image.ts`. */
export const SHIPPED_IMAGES: readonly ImageDescription[] = [
  {
    name: 'usher-node',
    title: 'What runs on every node: standby (leases and grants) and device plugin',
    bundles: [
      { entry: 'node/standby/main.ts', path: '/app/standby.mjs' },
      { entry: 'node/standby/health.ts', path: '/app/health.mjs' },
      { entry: 'node/device-plugin/main.ts', path: '/app/device-plugin.mjs' },
    ],
    // Only kubeconfigs with a program or a provider in them ask for the whole client library; a pod has a token.
    leftOut: ['@kubernetes/client-node'],
    command: ['/usr/bin/node'],
  },
];

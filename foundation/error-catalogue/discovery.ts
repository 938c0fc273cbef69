import type { CatalogueEntry } from './entry.ts';

/** Looking at the LAN. */
export const DISCOVERY_ERRORS = {
  CAPTURE_FAILED: {
    http: 500,
    message: 'Listening for DHCP on {interface} stopped: {detail}',
    remedy:
      'It is started again by itself. Without tcpdump or the right to open raw sockets DHCP is not seen: usher doctor says which.',
  },
  MATCHERS_INVALID: {
    http: 500,
    message: 'The matchers file is not valid: {detail}',
    remedy: 'Correct discovery/matchers.yaml at the place the message names.',
  },
} as const satisfies Record<string, CatalogueEntry>;

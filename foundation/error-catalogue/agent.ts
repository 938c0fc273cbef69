import type { CatalogueEntry } from './entry.ts';

/** What the device itself meets. */
export const AGENT_ERRORS = {
  NO_APPLIANCE_FOUND: {
    http: 503,
    message: 'No appliance answered at {tried}',
    remedy: 'Check the network cable and that the appliance runs; the device goes on trying.',
  },
  APPLIANCE_NOT_TRUSTED: {
    http: 403,
    message: 'The appliance at {url} is not the one this card was written for',
    remedy: 'Write the card anew from the appliance of this site.',
  },
  APPLIANCE_REFUSED: {
    http: 403,
    message: 'The appliance refused ({refusal}): {detail}',
    remedy: '{remedy}',
  },
  APPLIANCE_REPLY_INVALID: {
    http: 502,
    message: 'The answer of the appliance to {what} is not understood: {detail}',
    remedy:
      'The agent on the card and the appliance do not speak the same protocol: write the card anew from this appliance.',
  },
  CARD_MISSING: {
    http: 404,
    message: 'There is no usher.json on the boot partition',
    remedy: 'Write the card from the appliance of this site, or copy a usher.json onto its boot partition.',
  },
  CARD_INVALID: {
    http: 400,
    message: 'usher.json on the boot partition is not valid: {detail}',
    remedy: 'Write the card anew from the appliance.',
  },
  SCRUB_FAILED: {
    http: 500,
    message: 'The enrol token could not be wiped from {path}: {detail}',
    remedy: 'It is tried again by itself. If it lasts, make the boot partition writable, or delete the file by hand.',
  },
  K3S_AGENT_DOWN: {
    http: 503,
    message: 'k3s-agent does not keep running on the device',
    remedy: 'It is started again by itself. On the device, journalctl -u k3s-agent says why it ends.',
  },
  DISK_FULL: {
    http: 507,
    message: 'There is no room for {what} on {path}',
    remedy: 'Use a larger card, or free some room.',
  },
  ARTIFACT_HASH_MISMATCH: {
    http: 502,
    message: 'The file {name} arrived with SHA-256 {actual}, but {expected} was expected; it was removed',
    remedy: 'It is fetched again by itself. If it happens again, check cable and card.',
  },
  ARCHITECTURE_UNSUPPORTED: {
    http: 409,
    message: 'The appliance has no k3s for {arch}',
    remedy: 'Give the appliance a k3s for this architecture with --k3s-for {arch}=PATH.',
  },
} as const satisfies Record<string, CatalogueEntry>;

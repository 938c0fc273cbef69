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
  APPLIANCE_UNPROVEN: {
    http: 403,
    message: 'The appliance at {url} did not prove that it knows the claim code: {detail}',
    remedy:
      'Somebody may stand between the device and the appliance: look for a strange machine on the LAN. Then enter the code again.',
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
  UNDERVOLTAGE: {
    http: 500,
    message: 'The board has had too little voltage since it was switched on',
    remedy: 'Use the power supply made for this board, a shorter or thicker cable, or take USB devices off it.',
  },
  THROTTLED: {
    http: 500,
    message: 'The board has slowed itself down since it was switched on',
    remedy: 'Give it a heat sink, a fan or a cooler place.',
  },
  CARD_WORN: {
    http: 500,
    message: 'The card of the device is nearly worn out',
    remedy: 'Replace it before it fails: write a new card for the board, and confirm the replacement.',
  },
  CARD_ERRORS: {
    http: 500,
    message: 'The card of the device fails: {detail}',
    remedy: 'Replace the card: write a new one for the board, and confirm the replacement.',
  },
  DISK_NEARLY_FULL: {
    http: 507,
    message: 'Less than a tenth of the card of the device is free',
    remedy: 'Free some room, or use a larger card: Kubernetes stops pods on a node whose disk is full.',
  },
  ARTIFACT_HASH_MISMATCH: {
    http: 502,
    message: 'The file {name} arrived with SHA-256 {actual}, but {expected} was expected; it was removed',
    remedy: 'It is fetched again by itself. If it happens again, check cable and card.',
  },
  K3S_OF_OTHER_ARCHITECTURE: {
    http: 409,
    message: 'The k3s that the appliance offers is for {actual}, but the device is {arch}',
    remedy: 'Give the appliance the right file with --k3s-for {arch}=PATH; the device fetches it by itself.',
  },
  ARCHITECTURE_UNSUPPORTED: {
    http: 409,
    message: 'The appliance has no k3s for {arch}',
    remedy: 'Give the appliance a k3s for this architecture with --k3s-for {arch}=PATH.',
  },
} as const satisfies Record<string, CatalogueEntry>;

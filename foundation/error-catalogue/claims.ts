import type { CatalogueEntry } from './entry.ts';

/** Claims and what they bind to. */
export const CLAIM_ERRORS = {
  CLAIM_INVALID: {
    http: 422,
    message: 'The claim is not valid: {detail}',
    remedy: 'Correct what the message names.',
  },
  CLAIM_EXISTS: {
    http: 409,
    message: 'A claim named {name} exists already',
    remedy: 'Choose another name, or remove the claim with usher unclaim {name}.',
  },
  CLAIM_UNKNOWN: {
    http: 404,
    message: 'There is no claim {name}',
    remedy: 'usher claims lists them.',
  },
  CLAIM_CONFLICT: {
    http: 409,
    message: 'Claim {name} and claim {other} match the same device {device}',
    remedy: 'Delete one of the two claims, or make one match another device.',
  },
  NODE_NAME_TAKEN: {
    http: 409,
    message: 'The node name {nodeName} belongs to {owner}',
    remedy: 'Choose another node name, or delete what has this one: the claim, or the node.',
  },
  DEVICE_HAS_NODE: {
    http: 409,
    message: 'Device {device} is node {nodeName} already',
    remedy: 'Use that node name in the claim, or delete the node first: the device then joins under the new name.',
  },
  REPLACEMENT_OFFERED: {
    http: 409,
    message: 'Device {device} carries the {identifier} of device {joined}, which has joined',
    remedy:
      'If the board got a new card, confirm the replacement on the page or with usher replace {joined} --with {device}; else reject this one. The joined one is untouched.',
  },
  REPLACE_UNCLAIMED: {
    http: 409,
    message: 'Device {device} has no claim that another device could take over',
    remedy: 'Claim the new device under the node name it is to have: usher claim.',
  },
} as const satisfies Record<string, CatalogueEntry>;

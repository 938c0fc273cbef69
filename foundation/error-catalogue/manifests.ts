import type { CatalogueEntry } from './entry.ts';

/** Files of claims, and rules that claim by themselves. */
export const MANIFEST_ERRORS = {
  MANIFEST_TOO_LARGE: {
    http: 413,
    message: 'The file is too large: {detail}',
    remedy: 'Split it and import the parts one after the other.',
  },
  MANIFEST_MALFORMED: {
    http: 422,
    message: 'Line {line}, column {column}: {detail}',
    remedy: 'Correct that place, or save the file anew as CSV (UTF-8) or YAML, and preview it again.',
  },
  MANIFEST_COLUMN_UNKNOWN: {
    http: 422,
    message: 'Line {line}, column {column}: there is no column {name}',
    remedy: '{hint}docs/manifests.md lists the columns; one that nobody is to read can be deleted.',
  },
  MANIFEST_FIELD_UNKNOWN: {
    http: 422,
    message: 'A DeviceClaim has no field {field}',
    remedy: '{hint}kubectl explain deviceclaim.spec lists the fields.',
  },
  MANIFEST_KIND_UNKNOWN: {
    http: 422,
    message: '{kind} is no DeviceClaim of usher.internal/v1alpha1',
    remedy: 'Only DeviceClaims, and Lists of them, are imported here; apply the rest with kubectl.',
  },
  MANIFEST_TWICE: {
    http: 409,
    message: 'The {what} is in line {line} of the file as well',
    remedy: 'Keep the row that is right and delete the other.',
  },
  IDENTITY_CLAIMED: {
    http: 409,
    message: 'The device with {identity} is claimed already, by {claim}',
    remedy: 'Change that claim (usher claim edit {claim}), or remove it first (usher unclaim {claim}).',
  },
  CLAIM_MATCHES_ANOTHER: {
    http: 409,
    message: 'Claim {name} exists already, for {match}',
    remedy: 'Choose another name; if this claim is to be for another board, remove it first: usher unclaim {name}.',
  },
  CLAIM_FIELD_IMMUTABLE: {
    http: 409,
    message: '{field} of claim {name} is {from} and cannot become {to}',
    remedy: 'Leave it as it is, or remove the claim first: usher unclaim {name}.',
  },
  MANIFEST_OUTDATED: {
    http: 409,
    message: 'The file, or the site, is not what it was in the preview',
    remedy: 'Preview the file again, look at what changed, and import it then.',
  },
  MANIFEST_HAS_FAULTS: {
    http: 422,
    message: 'Rows that cannot be imported: {count}. The first is line {line}: {detail}',
    remedy: 'Correct them, or import only the good rows (--take good).',
  },
  MANIFEST_REFUSED: {
    http: 422,
    message: 'Line {line} ({name}) was refused, and nothing was imported: {detail}',
    remedy: 'Correct that row, or import only the good rows (--take good).',
  },
  MANIFEST_UNDONE: {
    http: 409,
    message: 'Line {line} ({name}) failed: {detail}. What was written before it ({count}) is as it was again',
    remedy: 'Import the file again; if it fails once more, the message names what stands in the way.',
  },
  MANIFEST_HALF_DONE: {
    http: 500,
    message: 'Line {line} ({name}) failed: {detail}. These claims were written and could not be put back: {names}',
    remedy: 'Import the file again: what is there already stays as it is. Or remove them with usher unclaim.',
  },
  RULE_INVALID: {
    http: 422,
    message: 'The approval rule is not valid: {detail}',
    remedy: 'Correct what the message names.',
  },
  RULE_EXISTS: {
    http: 409,
    message: 'An approval rule {name} exists already',
    remedy: 'Choose another name, or remove that rule first (usher rules remove).',
  },
  RULE_UNKNOWN: {
    http: 404,
    message: 'There is no approval rule {name}',
    remedy: 'usher rules list shows those there are.',
  },
} as const satisfies Record<string, CatalogueEntry>;

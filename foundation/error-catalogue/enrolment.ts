import type { CatalogueEntry } from './entry.ts';

/** The device API: keys, evidence, approval. */
export const ENROLMENT_ERRORS = {
  HELLO_INVALID: {
    http: 400,
    message: 'The hello is not valid: {detail}',
    remedy:
      'The agent on the card and the appliance do not speak the same protocol: write the card anew from this appliance.',
  },
  DEVICE_KEY_UNSUITABLE: {
    http: 401,
    message: 'The connection shows no P-256 key',
    remedy: 'Devices prove themselves by a TLS client certificate with a P-256 key; the agent makes one at first boot.',
  },
  DEVICE_ID_MISMATCH: {
    http: 403,
    message: 'The hello names device {claimed}, but the key is that of {actual}',
    remedy: 'Remove the key file on the device so that the agent makes a new one.',
  },
  TOKEN_UNKNOWN: {
    http: 403,
    message: 'The enrol token {tokenId} is not known here',
    remedy: 'The card was written for another site, or the token was revoked: write the card anew.',
  },
  TOKEN_USED: {
    http: 403,
    message: 'The enrol token {tokenId} was used already by another device: {usedBy}',
    remedy:
      'Compare both devices on the page. If this one takes the place of the other, confirm that there or with usher replace; if the other is a stranger, reject it and write a new card; else put this card away.',
  },
  TOKEN_EXPIRED: {
    http: 403,
    message: 'The enrol token {tokenId} expired on {expiredAt}',
    remedy: 'Make a new token and write the card anew.',
  },
  TOKEN_REVOKED: {
    http: 403,
    message: 'The enrol token {tokenId} was revoked',
    remedy: 'Make a new token and write the card anew.',
  },
  EVIDENCE_UNSUPPORTED: {
    http: 400,
    message: 'Evidence of the kind {kind} is not supported',
    remedy: 'Write the card anew from this appliance.',
  },
  RATE_LIMITED: {
    http: 429,
    message: 'Too many requests',
    remedy: 'Wait {retryAfterSec} seconds and try again.',
  },
  NOT_APPROVED: {
    http: 403,
    message: 'This device is not approved',
    remedy: 'Claim it: on the page, with usher claim, or with a DeviceClaim.',
  },
  ENROL_BUSY: {
    http: 503,
    message: 'More devices say hello than can be taken in at once',
    remedy: 'Nothing to do: the device asks again by itself in {retryAfterSec} seconds.',
  },
  QUEUE_FULL: {
    http: 503,
    message: 'All places for joining devices are taken',
    remedy: 'Nothing to do: the device asks again by itself and gets the next free place.',
  },
  DEVICE_REJECTED: {
    http: 403,
    message: 'An operator rejected this device',
    remedy: 'Reconsider it on the page or with usher device reconsider.',
  },
  DEVICE_REVOKED: {
    http: 410,
    message: 'This device was revoked',
    remedy: 'A revoked device does not join again. Write a new card for the board, or change your mind on the page.',
  },
  DEVICE_REPLACED: {
    http: 410,
    message: 'This device was replaced by {by}',
    remedy:
      'Put the board away. To use it again, take its id out of replaces in the claim of its successor and press Retry, or run usher device retry.',
  },
  DEVICE_UNKNOWN: {
    http: 404,
    message: 'No device matches {id}',
    remedy: 'usher devices lists them; an id may be shortened as long as it is unique.',
  },
  DEVICE_AMBIGUOUS: {
    http: 409,
    message: '{id} matches several devices: {matches}',
    remedy: 'Give more characters of the id.',
  },
  EVIDENCE_MISSING: {
    http: 409,
    message: 'Device {id} has shown nothing that ties it to this site',
    remedy: 'Write its card from this appliance (it then carries a token), or put its key fingerprint into the claim.',
  },
  CLAIM_CODE_INVALID: {
    http: 400,
    message: 'This is not a claim code: {detail}',
    remedy:
      'Scan the QR code on the screen of the device, or type what stands below it, for instance K4T7M2-K7QF-2M9X-TR4C-8WHD.',
  },
  CLAIM_CODE_AWAITED: {
    http: 409,
    message: 'Device {id} waits for its claim code',
    remedy:
      'Scan the QR code on its screen or label, or type the code that stands there: on the page or with usher code.',
  },
  CLAIM_CODE_WRONG: {
    http: 403,
    message: 'The claim code that was entered is not that of device {id}',
    remedy: 'Enter it again, as the device shows it now: the code on a screen changes every ten minutes.',
  },
  CLAIM_CODE_LOCKED: {
    http: 403,
    message: 'The claim code of device {id} was tried too often',
    remedy: 'Enter the next code that its screen shows. A code on a label can be tried again after {waitMin} minutes.',
  },
  CLAIM_CODE_NONE: {
    http: 404,
    message: 'No claim code was entered for device {id}',
    remedy: 'Enter it on the page or with usher code; it is remembered for fifteen minutes.',
  },
  CLAIM_CODE_USED: {
    http: 409,
    message: 'This claim code was used already, by device {usedBy}',
    remedy:
      'A code is good for one device, once. If the device named here is none of yours, revoke it; give the other board a new card.',
  },
  CLAIM_CODE_RELAYED: {
    http: 403,
    message: 'The encryption of device {id} does not end at the appliance: somebody stands between them',
    remedy:
      'Look for a strange machine on the LAN, for instance one that answers on port 7443, and enter no code until it is gone.',
  },
  CLAIM_PROOF_INVALID: {
    http: 400,
    message: 'The proof of the claim code cannot be taken: {detail}',
    remedy: 'The device tries again by itself. If it lasts, write its card anew from this appliance.',
  },
  SERIAL_CONFLICT: {
    http: 409,
    message: 'Several devices with verified evidence carry {identifier}: {devices}',
    remedy: 'Look which board is the real one and claim it by its device id; reject the other.',
  },
  ENROL_CA_INVALID: {
    http: 500,
    message: 'The enrolment CA in Secret usher-system/enrolment-ca cannot be used: {detail}',
    remedy:
      'Restore the Secret from a backup: every card pins this CA. Deleting it makes a new CA, and every card must be written anew.',
  },
  ARTIFACT_UNKNOWN: {
    http: 404,
    message: 'There is no file {sha256} here',
    remedy: 'The device asks for the list of files again by itself.',
  },
  RANGE_UNSATISFIABLE: {
    http: 416,
    message: 'The part of the file that was asked for lies beyond its end',
    remedy:
      'The device has the whole file, or another one of that name: it checks the hash and begins anew if that differs.',
  },
} as const satisfies Record<string, CatalogueEntry>;

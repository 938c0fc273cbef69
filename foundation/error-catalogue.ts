/** One error a person or a program can meet: what happened, what to do, and the HTTP status when it crosses an API. */
export interface CatalogueEntry {
  readonly http: number;
  /** `{name}` is replaced by the parameter of that name. */
  readonly message: string;
  readonly remedy: string;
}

/**
 * Every error of the product. Codes are permanent: a code that is no longer used is retired, never given a new meaning.
 * `docs/errors.md` is generated from this list.
 */
export const CATALOGUE = {
  // General
  INTERNAL: {
    http: 500,
    message: 'Something unexpected happened: {detail}',
    remedy: 'Look at the appliance log at this time; if it happens again, report it with the log.',
  },
  CONFIG_INVALID: {
    http: 400,
    message: 'The configuration is not valid: {detail}',
    remedy: 'Correct the flag, environment variable or file that the message names, and start again.',
  },
  NEEDS_ROOT: {
    http: 500,
    message: '{what} needs root',
    remedy: 'Run the same command as root, for instance with sudo.',
  },
  NODE_TOO_OLD: {
    http: 500,
    message: 'Node.js {version} runs this, but 24 is needed',
    remedy: 'Run npm ci in the checkout: it brings Node.js 24 along.',
  },
  TOOL_MISSING: {
    http: 500,
    message: 'The program {tool} is missing',
    remedy: 'Run usher doctor --fix, or install the package {package}.',
  },
  TOOL_FAILED: {
    http: 500,
    message: '{tool} failed: {detail}',
    remedy: 'The detail is what the program said itself; usher doctor checks what it needs.',
  },
  STOPPED: {
    http: 503,
    message: 'Stopped on request',
    remedy: 'Nothing to do: the work was interrupted on purpose and goes on at the next start.',
  },
  TIMED_OUT: {
    http: 504,
    message: '{what} took longer than {limitMs} ms',
    remedy: 'Try again; if it stays slow, look at the load of the machine and at the log of the part that is named.',
  },
  LISTEN_FAILED: {
    http: 500,
    message: 'Cannot listen on {address}: {detail}',
    remedy: 'Free the port (ss -ltnp shows who holds it) or choose another one by flag.',
  },

  // k3s
  K3S_DOWNLOAD_FAILED: {
    http: 502,
    message: 'Downloading k3s from {url} failed: {detail}',
    remedy: 'Check the way to the release server, name a mirror with --k3s-mirror, or pass a binary with --k3s PATH.',
  },
  K3S_HASH_MISMATCH: {
    http: 502,
    message: 'The file from {url} has SHA-256 {actual}, but {expected} was expected; it was removed',
    remedy: 'The mirror holds another file or the download was tampered with. Compare with the release page before trying again.',
  },
  K3S_NOT_EXECUTABLE: {
    http: 500,
    message: '{path} is not a k3s binary that runs here: {detail}',
    remedy: 'Pass the k3s binary for this architecture with --k3s PATH.',
  },
  K3S_EXITED: {
    http: 503,
    message: 'k3s ended with {detail}',
    remedy: 'It is started again by itself. Its last lines are in the log; k3s.log in the state folder has all of them.',
  },
  K3S_NOT_READY: {
    http: 503,
    message: 'The Kubernetes API did not answer within {limitMs} ms',
    remedy: 'Look at k3s.log in the state folder; usher doctor checks what k3s needs.',
  },

  // Kubernetes API, translated at the edge
  KUBE_NOT_FOUND: {
    http: 404,
    message: '{kind} {name} does not exist',
    remedy: 'Check the name; it may have been deleted meanwhile.',
  },
  KUBE_ALREADY_EXISTS: {
    http: 409,
    message: '{kind} {name} exists already',
    remedy: 'Choose another name, or change the existing one.',
  },
  KUBE_CONFLICT: {
    http: 409,
    message: '{kind} {name} was changed by somebody else meanwhile',
    remedy: 'Read it again and repeat the change.',
  },
  KUBE_INVALID: {
    http: 422,
    message: 'Kubernetes refused {kind} {name}: {detail}',
    remedy: 'Correct the field that the message names.',
  },
  KUBE_FORBIDDEN: {
    http: 403,
    message: 'Kubernetes does not allow this for {kind} {name}: {detail}',
    remedy: 'A role or an admission policy forbids it; the detail names which.',
  },
  KUBE_UNREACHABLE: {
    http: 503,
    message: 'The Kubernetes API cannot be reached: {detail}',
    remedy: 'It is tried again by itself; if it lasts, look at k3s.log in the state folder.',
  },
  KUBE_FAILED: {
    http: 502,
    message: 'Kubernetes answered {status} for {kind} {name}: {detail}',
    remedy: 'The detail is what Kubernetes said itself.',
  },

  // Discovery
  CAPTURE_FAILED: {
    http: 500,
    message: 'Listening for DHCP on {interface} stopped: {detail}',
    remedy: 'It is started again by itself. Without tcpdump or the right to open raw sockets DHCP is not seen: usher doctor says which.',
  },
  MATCHERS_INVALID: {
    http: 500,
    message: 'The matchers file is not valid: {detail}',
    remedy: 'Correct discovery/matchers.yaml at the place the message names.',
  },

  // Enrolment
  HELLO_INVALID: {
    http: 400,
    message: 'The hello is not valid: {detail}',
    remedy: 'The agent on the card and the appliance do not speak the same protocol: write the card anew from this appliance.',
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
    message: 'The enrol token {tokenId} was used already by another device',
    remedy: 'Compare both devices on the page. If this is the real one, confirm it as a replacement; else put the other card away.',
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
  SERIAL_CONFLICT: {
    http: 409,
    message: 'Several devices with verified evidence carry {identifier}: {devices}',
    remedy: 'Look which board is the real one and claim it by its device id; reject the other.',
  },
  ARTIFACT_UNKNOWN: {
    http: 404,
    message: 'There is no file {sha256} here',
    remedy: 'The device asks for the list of files again by itself.',
  },

  // Claims
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
    remedy: 'kubectl get deviceclaims lists them.',
  },
  CLAIM_CONFLICT: {
    http: 409,
    message: 'Claim {name} and claim {other} match the same device {device}',
    remedy: 'Delete one of the two claims, or make one match another device.',
  },
  NODE_NAME_TAKEN: {
    http: 409,
    message: 'The node name {nodeName} belongs to {owner}',
    remedy: 'Choose another node name, or name the old claim in replaces.',
  },

  // Join
  TICKET_TIMED_OUT: {
    http: 504,
    message: 'The ticket could not be made within {limitSec} s',
    remedy: 'A new one is made by itself. If it happens again, look whether the Kubernetes API answers.',
  },
  TICKET_FAILED: {
    http: 502,
    message: 'The ticket could not be made: {detail}',
    remedy: 'What was made of it was undone, and a new one is tried by itself.',
  },
  NODE_PASSWORD_FOREIGN: {
    http: 409,
    message: 'A node password for {nodeName} exists that Usher did not make',
    remedy: 'A join token may have leaked. Do not use this name again; look in the audit log of Kubernetes who made Secret {secret}.',
  },
  NODE_NOT_SEEN: {
    http: 504,
    message: 'No node {nodeName} appeared within {limitSec} s of the ticket',
    remedy: 'A new ticket is tried by itself. On the device, journalctl -u k3s-agent says why k3s does not start.',
  },
  NODE_LABELS_FAILED: {
    http: 502,
    message: 'The labels of node {nodeName} could not be set: {detail}',
    remedy: 'It is tried again by itself. Another manager may own one of the labels.',
  },
  NODE_GONE: {
    http: 410,
    message: 'The node {nodeName} was deleted',
    remedy: 'The device joins again by itself at its next check-in; delete the claim if it should not.',
  },
  TOO_MANY_ATTEMPTS: {
    http: 429,
    message: 'The device failed to join {attempts} times in a day',
    remedy: 'Mend what the last failure named, then press Retry or run usher device retry.',
  },
  STATE_UNKNOWN: {
    http: 500,
    message: 'The recorded join state {state} is not known to this version',
    remedy: 'The device starts over from pending by itself. A newer appliance may have written it.',
  },
  DEVICE_REPORTED: {
    http: 502,
    message: 'The device says: {detail}',
    remedy: 'The detail is what the device saw; it tries again by itself.',
  },

  // The operators' API
  SIGN_IN_NEEDED: {
    http: 401,
    message: 'Sign in first',
    remedy: 'Open the page and enter the code that usher sign-in-code prints on the appliance.',
  },
  SIGN_IN_FAILED: {
    http: 401,
    message: 'The code is wrong, used or too old',
    remedy: 'Run usher sign-in-code on the appliance for a new one.',
  },
  HOST_NOT_ALLOWED: {
    http: 421,
    message: 'The name {host} is not one of this appliance',
    remedy: 'Use one of its addresses, or allow the name with --allow-host.',
  },
  ORIGIN_NOT_ALLOWED: {
    http: 403,
    message: 'Requests from {origin} are not accepted',
    remedy: 'Open the page of the appliance itself.',
  },
  REQUEST_INVALID: {
    http: 400,
    message: 'The request is not valid: {detail}',
    remedy: 'Correct what the message names; /api/v1/openapi.json describes every request.',
  },
  REQUEST_TOO_LARGE: {
    http: 413,
    message: 'The request is larger than {limitBytes} bytes',
    remedy: 'Send less at once.',
  },
  ROUTE_UNKNOWN: {
    http: 404,
    message: 'There is nothing at {path}',
    remedy: '/api/v1/openapi.json lists every path.',
  },
  APPLIANCE_UNREACHABLE: {
    http: 503,
    message: 'No appliance answers at {url}: {detail}',
    remedy: 'Start it with npm start, or name another one with --server.',
  },
  APPLIANCE_NOT_FOUND: {
    http: 404,
    message: 'No appliance was started on this machine',
    remedy: 'Start one with npm start (or npm start -- --lab 3), or name one with --server and --token-file.',
  },

  // Agent (on the Pi)
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
  CARD_INVALID: {
    http: 400,
    message: 'usher.json on the boot partition is not valid: {detail}',
    remedy: 'Write the card anew from the appliance.',
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

  // Lab
  LAB_NOT_RUNNING: {
    http: 404,
    message: 'No lab named {name} is running',
    remedy: 'Start one with npm start -- --lab 3.',
  },
  LAB_ALREADY_RUNNING: {
    http: 409,
    message: 'A lab named {name} is running already (process {pid})',
    remedy: 'Stop it with Ctrl-C where it runs, or choose another name with --lab-name.',
  },
  LAB_MACHINE_UNKNOWN: {
    http: 404,
    message: 'The lab has no machine {machine}',
    remedy: 'usher lab status lists the machines.',
  },
  LAB_BUILD_FAILED: {
    http: 500,
    message: 'Building the k3s stand-in failed: {detail}',
    remedy: 'Its log names the place. It needs Go, about 6 GB of disk and the Go module proxy; or pass a real k3s with --k3s PATH.',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The permanent code of an error. */
export type ErrorCode = keyof typeof CATALOGUE;

import { z } from 'zod';

export * from './schemas/identify.ts';
export * from './schemas/labels.ts';
export * from './schemas/claim-codes.ts';
import { nextCursor } from './schemas/pages.ts';

export * from './schemas/pages.ts';
export * from './schemas/trust.ts';
export * from './schemas/audit.ts';
export * from './schemas/people.ts';
export * from './schemas/manifests.ts';
export * from './schemas/approval-rules.ts';
export * from './schemas/images.ts';
export * from './schemas/services.ts';

// The operators' API: every request and reply. The OpenAPI document, the CLI's client and the page's types come from
// these schemas alone.

const labelMap = z.record(z.string(), z.string());
const timestamp = z.iso.datetime();

export const ErrorReply = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
});
export type ErrorReply = z.infer<typeof ErrorReply>;

/** How sure the appliance is of a device, strongest first. */
export const EvidenceKind = z.enum(['CardToken', 'BatchToken', 'ClaimCode', 'Key', 'None']);

/**
 * Where something on the LAN stands, in the order of its way. `Seen`: only hints (no key yet). `NoEvidence`: has a key,
 * but nothing ties it to this site. The rest are the phases of a Device.
 */
export const Stage = z.enum([
  'Seen',
  'NoEvidence',
  'Pending',
  'Approved',
  'Joining',
  'Ready',
  'Failed',
  'Quarantined',
  'Rejected',
  'Ignored',
  'Revoked',
  'Replaced',
]);
export type Stage = z.infer<typeof Stage>;

export const Failure = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  since: timestamp.optional(),
  retryAt: timestamp.optional(),
});

export const ConditionView = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: timestamp,
});

export const SeenBy = z.object({
  source: z.enum(['dhcp', 'lease', 'mdns', 'neighbour']),
  interface: z.string(),
  at: timestamp,
  /** What was seen, in words. */
  what: z.string(),
});

/** As the board says; name and serial of a USB device are any text. */
export const DeviceFile = z.object({
  path: z.string(),
  usb: z
    .object({ vendor: z.string(), product: z.string(), serial: z.string().optional(), name: z.string().optional() })
    .optional(),
});
export type DeviceFile = z.infer<typeof DeviceFile>;

/** One thing on the LAN: sighting, device, claim and node seen as one row. */
export const DeviceView = z.object({
  /** Changes when that changes by which an operator tells it from others: goes into If-Match. */
  version: z.string().optional(),
  /** Device id (26 characters) once its key is known; until then `mac:<address>`. */
  id: z.string(),
  shortId: z.string(),
  stage: Stage,
  /** Persisted join state, for a Device. */
  state: z.string().optional(),
  /** What it waits for now, in a sentence. */
  waitsFor: z.string().optional(),
  since: timestamp,
  firstSeen: timestamp.optional(),
  lastSeen: timestamp.optional(),
  macs: z.array(z.string()),
  ip: z.string().optional(),
  hostname: z.string().optional(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  serial: z.string().optional(),
  arch: z.string().optional(),
  memoryMiB: z.number().optional(),
  /** Device files that services may use, and the USB devices behind them. */
  devices: z.array(DeviceFile).optional(),
  evidence: EvidenceKind,
  /** It waits for somebody to enter the claim code of its screen or label: POST /api/v1/claim-codes. */
  codeAwaited: z.literal(true).optional(),
  /** Whether a claim made now would approve it (evidence is sufficient with a claim). */
  claimable: z.boolean(),
  claim: z.string().optional(),
  nodeName: z.string().optional(),
  labels: labelMap.optional(),
  failure: Failure.optional(),
  conditions: z.array(ConditionView).optional(),
  /** What will fail before long if nobody acts, such as UNDERVOLTAGE; it stops nothing. */
  warnings: z.array(z.object({ code: z.string(), message: z.string(), remedy: z.string() })).optional(),
  seenBy: z.array(SeenBy).optional(),
  /** Why it counts as a candidate. */
  reasons: z.array(z.string()).optional(),
  /**
   * The known device whose place this newcomer may take once an operator confirms it: it has that one's serial or DUID,
   * or shows the card that the other used.
   */
  offer: z
    .object({
      device: z.string(),
      shortId: z.string(),
      nodeName: z.string().optional(),
      claim: z.string().optional(),
      because: z.enum(['Serial', 'Duid', 'Token']),
    })
    .optional(),
  /** Newcomers (ids) that offer to take this device's place. */
  offeredBy: z.array(z.string()).optional(),
  /** Of a replaced device: the one that took its place. */
  replacedBy: z.string().optional(),
});
export type DeviceView = z.infer<typeof DeviceView>;
export const DeviceList = z.object({ items: z.array(DeviceView), nextCursor });
export type DeviceList = z.infer<typeof DeviceList>;

export const Taint = z.object({
  key: z.string(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

/** POST /api/v1/claims. `device` is an id, a short id, `mac:…`, or a MAC address; or give `match` as in a DeviceClaim. */
export const NewClaim = z.object({
  name: z.string().min(1).max(253),
  device: z.string().optional(),
  match: z
    .object({
      device: z.string().optional(),
      serial: z.string().optional(),
      mac: z.string().optional(),
      duid: z.string().optional(),
      keyFingerprint: z.string().optional(),
    })
    .optional(),
  nodeName: z.string().optional(),
  labels: labelMap.optional(),
  taints: z.array(Taint).optional(),
  pair: z.object({ name: z.string(), role: z.enum(['Primary', 'Backup']) }).optional(),
  /** Id of the device whose place the matched one takes. */
  replaces: z.string().optional(),
  reclaimPolicy: z.enum(['Retain', 'Release']).optional(),
});
export type NewClaim = z.infer<typeof NewClaim>;

/**
 * PATCH /api/v1/claims/{name}: labels, taints and pair replace what was there; `pair: null` takes it out of its pair. A
 * `match` that names another device, with `replaces` naming the present one, confirms a replacement; `replaces: null`
 * takes the word back.
 */
export const ClaimChange = NewClaim.pick({
  labels: true,
  taints: true,
  reclaimPolicy: true,
  match: true,
}).extend({ pair: NewClaim.shape.pair.nullable(), replaces: z.string().nullable().optional() });
export type ClaimChange = z.infer<typeof ClaimChange>;

export const ClaimView = z.object({
  name: z.string(),
  /** Changes with every change of what is wanted: goes into If-Match. */
  version: z.string().optional(),
  phase: z.enum(['Waiting', 'Bound', 'Joined', 'Conflict']),
  match: z.record(z.string(), z.string()),
  nodeName: z.string(),
  labels: labelMap,
  taints: z.array(Taint),
  pair: z.object({ name: z.string(), role: z.string() }).optional(),
  device: z.string().optional(),
  replaces: z.string().optional(),
  reclaimPolicy: z.enum(['Retain', 'Release']),
  conditions: z.array(ConditionView),
});
export type ClaimView = z.infer<typeof ClaimView>;
export const ClaimList = z.object({ items: z.array(ClaimView), nextCursor });
export type ClaimList = z.infer<typeof ClaimList>;

/**
 * POST /api/v1/devices/{id}/decision. `Undecided` takes a decision back; `Retry` ends a failed wait at once. Of what has
 * shown no key (`mac:…`) only `Ignored` and `Undecided` can be said: its MAC address is remembered, or forgotten.
 */
export const DecisionRequest = z.object({
  decision: z.enum(['Undecided', 'Rejected', 'Ignored', 'Revoked', 'Retry']),
});
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/**
 * POST /api/v1/devices/{id}/replacement: the device `with` (id or short id) takes the place of `{id}`: its claim, its node
 * name and its labels. Replies with the row of `with`.
 */
export const ReplacementRequest = z.object({ with: z.string().max(64) });
export type ReplacementRequest = z.infer<typeof ReplacementRequest>;

/** GET /api/v1/devices/{id}/revocation: what revoking would stop, and what a thief could still do afterwards. */
export const RevocationView = z.object({
  device: z.string(),
  nodeName: z.string().optional(),
  /** Pods that run on its node now. `movable`: a controller starts it elsewhere if the labels allow. */
  pods: z.array(
    z.object({ namespace: z.string(), name: z.string(), owner: z.string().optional(), movable: z.boolean() }),
  ),
  /** Secrets that those pods read: whoever holds the board may know them. */
  secrets: z.array(z.object({ namespace: z.string(), name: z.string() })),
  /** Sentences: what is left until the cluster's CA is rotated. */
  afterwards: z.array(z.string()),
});
export type RevocationView = z.infer<typeof RevocationView>;

/** GET /api/v1/devices/{id}/story: what happened to a device, oldest first. */
export const StoryView = z.object({
  device: z.string(),
  entries: z.array(
    z.object({
      at: timestamp,
      from: z.enum(['lan', 'device', 'claim', 'node']),
      type: z.enum(['Normal', 'Warning']),
      reason: z.string(),
      message: z.string(),
      /** What to do, where something went wrong. */
      remedy: z.string().optional(),
      /** How often, when the same happened several times; `at` is the last. */
      count: z.int().optional(),
      /** Of a step of the join: how long it took since the step before, in milliseconds. */
      tookMs: z.number().optional(),
    }),
  ),
});
export type StoryView = z.infer<typeof StoryView>;

/** GET /api/v1/alarms: what a person must judge, until DELETE /api/v1/alarms/{id} says that somebody did. */
export const AlarmView = z.object({
  id: z.string(),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  since: timestamp,
  device: z.string().optional(),
  nodeName: z.string().optional(),
});
export type AlarmView = z.infer<typeof AlarmView>;
export const AlarmList = z.object({ items: z.array(AlarmView) });
export type AlarmList = z.infer<typeof AlarmList>;

/** GET /api/v1/cluster-ca: whether the cluster's CA should be rotated, and how. */
export const ClusterCaView = z.object({
  notBefore: timestamp,
  notAfter: timestamp,
  /** Devices revoked or replaced since this CA was made: each still holds a certificate of it. */
  revoked: z.array(z.object({ device: z.string(), nodeName: z.string().optional() })),
  /** What to do, in order; `command` is to be run on the master. */
  steps: z.array(z.object({ what: z.string(), command: z.string().optional() })),
});
export type ClusterCaView = z.infer<typeof ClusterCaView>;

export const NewToken = z.object({
  kind: z.enum(['card', 'batch']),
  uses: z.int().min(1).max(10_000).optional(),
  expiresInSec: z.int().min(60).max(31_536_000).optional(),
  note: z.string().max(200).optional(),
});
export type NewToken = z.infer<typeof NewToken>;

export const TokenView = z.object({
  tokenId: z.string(),
  kind: z.enum(['card', 'batch']),
  usesLeft: z.int(),
  createdAt: timestamp,
  expiresAt: timestamp,
  note: z.string().optional(),
  boundTo: z.array(z.string()),
  state: z.enum(['usable', 'used', 'expired', 'revoked']),
});
export type TokenView = z.infer<typeof TokenView>;
export const TokenList = z.object({ items: z.array(TokenView), nextCursor });
export type TokenList = z.infer<typeof TokenList>;

/** Reply to POST /api/v1/enrol-tokens: the only time the token itself is shown; `card` is a whole usher.json. */
export const CreatedToken = z.object({ token: z.string(), view: TokenView, card: z.unknown() });
export type CreatedToken = z.infer<typeof CreatedToken>;

/** GET /api/v1/site */
export const SiteView = z.object({
  name: z.string(),
  version: z.string(),
  applianceId: z.string(),
  serverTime: timestamp,
  interfaces: z.array(z.object({ name: z.string(), addresses: z.array(z.string()) })),
  kubernetes: z.object({
    ready: z.boolean(),
    version: z.string(),
    /** Set when Kubernetes is the stand-in of the lab and not k3s: shown wherever the version is. */
    standIn: z.string().optional(),
    server: z.string(),
  }),
  enrolUrls: z.array(z.string()),
  /** Sources of sightings and whether they work. */
  sources: z.array(z.object({ name: z.string(), working: z.boolean(), detail: z.string().optional() })),
});
export type SiteView = z.infer<typeof SiteView>;

/** POST /api/v1/sign-in-codes (API token only: the CLI on the appliance itself). */
export const SignInCode = z.object({ code: z.string(), expiresAt: timestamp });
export type SignInCode = z.infer<typeof SignInCode>;

/**
 * Server-sent events of GET /api/v1/events. `snapshot`, `alarms` and `services` first (also after a resume that cannot be bridged),
 * then single changes. The event's id grows by one; a client resumes with Last-Event-ID.
 */
export const LiveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('snapshot'), devices: z.array(DeviceView), claims: z.array(ClaimView) }),
  z.object({ type: z.literal('device'), device: DeviceView }),
  z.object({ type: z.literal('device-removed'), id: z.string() }),
  z.object({ type: z.literal('claim'), claim: ClaimView }),
  z.object({ type: z.literal('claim-removed'), name: z.string() }),
  z.object({ type: z.literal('site'), site: SiteView }),
  z.object({ type: z.literal('alarms'), items: z.array(AlarmView) }),
  // Something about them changed: whoever shows them asks for them anew.
  z.object({ type: z.literal('services'), revision: z.int() }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;

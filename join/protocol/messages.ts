import { z } from 'zod';
import { DEVICE_ID_LENGTH } from './device-id.ts';

/** Server name in the enrol listener's certificate; it never depends on an address. */
export const REGISTRAR_NAME = 'registrar.usher.internal';
export const ENROL_PORT = 7443;
/** Largest JSON body of the device API. */
export const MAX_BODY_BYTES = 16 * 1024;
/** How long GET status may hold a long poll open. */
export const MAX_WAIT_SEC = 25;

const deviceId = z.string().regex(new RegExp(`^[0-9a-hjkmnp-tv-z]{${String(DEVICE_ID_LENGTH)}}$`));
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const timestamp = z.iso.datetime();
const shortText = z.string().max(128);

/** `/boot/firmware/usher.json`: what the personaliser writes on the FAT partition. */
export const CardFile = z.object({
  v: z.literal(1),
  issuedAt: timestamp,
  urls: z.array(z.url()).max(8),
  caPem: z.string().max(8192),
  /** `ush1.<token id, 10>.<secret, 26>`, Crockford base32. */
  token: z.string().max(64).nullable(),
  name: z.string().max(63).nullable().optional(),
});
export type CardFile = z.infer<typeof CardFile>;

/**
 * `usher.json` of a generic card: it belongs to no site and holds no secret but, on a labelled one, the code of its
 * label. Its device shows a claim code and joins the site whose operator enters that.
 */
export const ClaimCard = CardFile.pick({ v: true, issuedAt: true, name: true }).extend({
  urls: CardFile.shape.urls.default([]),
  caPem: z.null().optional(),
  token: z.null().optional(),
  /** The code on the label of the board; without one the device makes its own and shows them on its screen. */
  code: z.string().max(64).nullable().optional(),
  /** Origin of the page that its QR code opens. */
  claimBase: z
    .url({ protocol: /^https$/ })
    .max(80)
    .nullable()
    .optional(),
});
export type ClaimCard = z.infer<typeof ClaimCard>;

export const ENROL_TOKEN_PATTERN = /^ush1\.([0-9a-hjkmnp-tv-z]{10})\.([0-9a-hjkmnp-tv-z]{26})$/;

/** What the board says of its power since boot. */
const Power = z.object({
  undervoltage: z.boolean().optional(),
  /** It slowed itself down, of heat or of too little power. */
  throttled: z.boolean().optional(),
});
/** How the card (SD or eMMC) is. Coarse on purpose: what ticks would be written to the cluster at every tick. */
const CardHealth = z.object({
  /** JEDEC eMMC 5.1, PRE_EOL_INFO and DEVICE_LIFE_TIME_EST: its spare blocks, or its rated life, are nearly used up. */
  worn: z.boolean().optional(),
  /** Errors that ext4 has counted on it, rounded down to a power of ten. */
  errors: z.int().nonnegative().optional(),
  /** The kernel has made the root file system read-only, or it was mounted so. */
  readOnly: z.boolean().optional(),
  /** Less than a tenth of its bytes or inodes is free. */
  nearlyFull: z.boolean().optional(),
});

/** Most USB devices that are told of: more than a board has places for. */
export const MOST_USB = 32;
const usbNumber = z.string().regex(/^[0-9a-f]{4}$/);
/** A device file that hangs on USB. Serial and name are what its maker wrote into it: any text. */
const UsbDeviceFile = z.object({
  path: z
    .string()
    .max(64)
    .regex(/^\/dev\/[\w.-]+$/),
  vendor: usbNumber,
  product: usbNumber,
  serial: z.string().max(64).optional(),
  name: z.string().max(64).optional(),
});
/** What services may use of the board. */
const Attached = z.object({
  /** Device files, and 1-Wire sensors by their folder in sysfs. */
  devices: z.array(z.string().max(64)).max(64).optional(),
  /** Those of them that hang on USB. No reason to turn a board away: what is malformed is not taken. */
  usb: z.array(UsbDeviceFile).max(MOST_USB).optional().catch(undefined),
});
export type Attached = z.infer<typeof Attached>;

export const Hardware = z.object({
  model: shortText.optional(),
  revision: z.string().max(16).optional(),
  serial: z.string().max(32).optional(),
  duid: z.string().max(64).optional(),
  macs: z.array(mac).max(8),
  memoryMiB: z.int().nonnegative().optional(),
  /** As `uname -m` and Go name it: amd64, arm64, arm. */
  arch: z.string().max(16),
  hostname: z.string().max(63).optional(),
  power: Power.optional(),
  card: CardHealth.optional(),
  ...Attached.shape,
});
export type Hardware = z.infer<typeof Hardware>;

/** What the device shows to tie itself to the site; `code`: nothing yet, it can prove a claim code once one is entered. */
export const Evidence = z.discriminatedUnion('type', [
  z.object({ type: z.literal('token'), token: z.string().regex(ENROL_TOKEN_PATTERN) }),
  z.object({ type: z.literal('code') }),
  z.object({ type: z.literal('none') }),
]);
export type Evidence = z.infer<typeof Evidence>;

/** POST /enroll/v1/hello */
export const DeviceHello = z.object({
  v: z.literal(1),
  id: deviceId,
  agent: z.string().max(32),
  bootId: z.string().max(64),
  machineId: z.string().max(64).optional(),
  hw: Hardware,
  clock: z.object({ now: timestamp, synced: z.boolean() }).optional(),
  evidence: Evidence,
});
export type DeviceHello = z.infer<typeof DeviceHello>;

/** The longest that a device shows itself. */
export const MOST_IDENTIFY_SEC = 120;
/** An operator asks which board this is: it blinks its LED and shows the words for so long, counted from the reply. */
export const Identify = z.object({
  words: z.string().regex(/^[a-z]{2,12} [a-z]{2,12}$/),
  seconds: z.int().min(1).max(MOST_IDENTIFY_SEC),
});
export type Identify = z.infer<typeof Identify>;

/** What the appliance tells the device of itself. */
export const ENROL_STATES = ['pending', 'verified', 'approved', 'joined', 'rejected', 'revoked', 'held'] as const;
export type EnrolState = (typeof ENROL_STATES)[number];

/** Reply to hello, status, joined and error. */
export const EnrolStatus = z.object({
  v: z.literal(1),
  /**
   * pending: known, no evidence · verified: evidence accepted, waits for a claim · approved: may ask /join ·
   * joined: its Node exists · held: an operator must look (quarantined, failed for now, or ignored).
   */
  state: z.enum(ENROL_STATES),
  /** Grows with every change; a long poll returns at once when it differs from the caller's. */
  version: z.int().nonnegative(),
  serverTime: timestamp,
  /** Why it waits or was refused, to be shown on the console. */
  reason: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
  retryAfterSec: z.int().positive().optional(),
  /** Name of the node it is to become, once a claim is bound. */
  nodeName: z.string().optional(),
  /** An operator entered a claim code for this device, which may prove it now. */
  codeEntered: z.literal(true).optional(),
  /** No part of the version: it is told by the reply that goes out next. */
  identify: Identify.optional(),
});
export type EnrolStatus = z.infer<typeof EnrolStatus>;

/**
 * POST /enroll/v1/claim/first: SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) with the tls-exporter of this very connection (RFC
 * 9266); the user name is the device id, the password the claim code. One exchange per connection.
 */
export const ClaimFirst = z.object({ v: z.literal(1), data: z.string().max(512), hello: DeviceHello });
export type ClaimFirst = z.infer<typeof ClaimFirst>;

/** Reply to claim/first. */
export const ClaimChallenge = z.object({ v: z.literal(1), data: z.string().max(512) });
export type ClaimChallenge = z.infer<typeof ClaimChallenge>;

/** POST /enroll/v1/claim/final, on the same connection and within ten seconds. */
export const ClaimFinal = z.object({
  v: z.literal(1),
  data: z.string().max(512),
  /** The device has a further code that it could prove (the one its screen showed before). */
  more: z.literal(true).optional(),
});
export type ClaimFinal = z.infer<typeof ClaimFinal>;

/** Reply to claim/final: the server's proof, and the CA that the device pins once it has checked that. */
export const ClaimAnswer = z.object({ v: z.literal(1), data: z.string().max(512), caPem: z.string().max(8192) });
export type ClaimAnswer = z.infer<typeof ClaimAnswer>;

/** GET /enroll/v1/info */
export const ApplianceInfo = z.object({
  v: z.literal(1),
  applianceId: z.string(),
  site: z.string(),
  caPem: z.string(),
  serverTime: timestamp,
});
export type ApplianceInfo = z.infer<typeof ApplianceInfo>;

/** One file that the device needs before it can join. */
export const Artifact = z.object({
  /** `k3s` goes to the k3s binary's place; `image` into k3s' images folder under `name`. */
  kind: z.enum(['k3s', 'image']),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  sha256: sha256Hex,
  bytes: z.int().nonnegative(),
});
export type Artifact = z.infer<typeof Artifact>;

/** GET /enroll/v1/artifacts?arch=arm64 ; each is then fetched from /enroll/v1/artifacts/<sha256> (Range honoured). */
export const ArtifactList = z.object({ v: z.literal(1), k3sVersion: z.string(), artifacts: z.array(Artifact).max(64) });
export type ArtifactList = z.infer<typeof ArtifactList>;

/** POST /enroll/v1/join */
export const JoinRequest = z.object({
  v: z.literal(1),
  bootId: z.string().max(64),
  machineId: z.string().max(64).optional(),
});
export type JoinRequest = z.infer<typeof JoinRequest>;

/** Reply to /join: the only place outside the cluster where a k3s token exists. */
export const JoinTicket = z.object({
  v: z.literal(1),
  ticketId: z.string(),
  nodeName: z.string(),
  /** URL of the k3s supervisor. */
  server: z.url(),
  /** `K10<ca hash>::<id>.<secret>` */
  token: z.string(),
  nodePassword: z.string(),
  k3sVersion: z.string(),
  /** Set when the site has a pause image other than the one that k3s names itself. */
  pauseImage: z.string().max(255).optional(),
  expiresAt: timestamp,
  serverTime: timestamp,
});
export type JoinTicket = z.infer<typeof JoinTicket>;

/** The code of a report that takes the one before it back. */
export const NO_FAULT = 'NONE';
/** POST /enroll/v1/error: what went wrong on the device, or (with code {@link NO_FAULT}) that it is over. */
export const DeviceReport = z.object({
  v: z.literal(1),
  code: z.string().max(64),
  detail: z.string().max(512),
  /** What fills the placeholders of the code's message, so that the appliance can show the very same error. */
  params: z.record(z.string().max(32), z.union([z.string().max(256), z.number()])).optional(),
});
export type DeviceReport = z.infer<typeof DeviceReport>;

/** POST /enroll/v1/checkin (two-minute timer, and before k3s-agent at each boot) */
export const CheckIn = z.object({
  v: z.literal(1),
  bootId: z.string().max(64),
  nodeName: z.string().max(63).optional(),
  k3sActive: z.boolean(),
  ips: z.array(z.string().max(64)).max(16).optional(),
  power: Power.optional(),
  card: CardHealth.optional(),
  ...Attached.shape,
});
export type CheckIn = z.infer<typeof CheckIn>;

/** What a checked-in device is to do. */
export const CheckInReply = z.object({
  v: z.literal(1),
  order: z.enum(['stay', 'rejoin', 'stop']),
  /** URL of the k3s supervisor as this device reaches it now: a node whose own is dead follows it there. */
  server: z.url().optional(),
  serverTime: timestamp,
});
export type CheckInReply = z.infer<typeof CheckInReply>;

/** Body of every refusal of the device API. */
export const Refusal = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
  retryAfterSec: z.int().positive().optional(),
});
export type Refusal = z.infer<typeof Refusal>;

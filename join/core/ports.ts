import type { UsherError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { DeviceEvidence } from '../../k8s/core/resources.ts';
import type {
  CheckIn,
  CheckInReply,
  DeviceHello,
  DeviceReport,
  EnrolStatus,
  JoinRequest,
} from '../protocol/messages.ts';

/** A device that has said hello but shown no evidence: kept in memory only, bounded, never an object. */
export interface Candidate {
  deviceId: string;
  publicKeyPem: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex: what a claim's `keyFingerprint` names. */
  keyFingerprint: string;
  hello: DeviceHello;
  ip: string;
  firstSeenMs: number;
  lastSeenMs: number;
  /** Why its evidence was not accepted, for instance TOKEN_USED. */
  refusal?: UsherError;
  /**
   * The genuine token that it showed, though that was used up or had expired, and the devices that had used it. Never the
   * token itself: to confirm that this device replaces one of those is enough to admit it.
   */
  provenToken?: { tokenId: string; boundTo: string[] };
}

/** The bounded list of devices without evidence. */
export interface CandidateList {
  list(): Candidate[];
  get(deviceId: string): Candidate | undefined;
  onChange(handler: (deviceId: string) => void): () => void;
}

/** How a claim code stands that an operator entered. */
export interface ClaimCodeStanding {
  deviceId: string;
  expiresAtMs: number;
  /** waiting: for the device to prove it · proven: both sides are · refused: see `failure`; it may be entered again. */
  state: 'waiting' | 'proven' | 'refused';
  failure?: UsherError;
}

/** Claim codes that operators entered: in memory only, and only for minutes. That one was used is in its device's evidence. */
export interface ClaimCodeDesk {
  /**
   * Lets the device prove this code.
   * @throws UsherError CLAIM_CODE_USED (by another device), CLAIM_CODE_LOCKED
   */
  enter(deviceId: string, code: Secret): Promise<ClaimCodeStanding>;
  /** Of the code that was entered last for the device, as long as it is remembered. */
  standingOf(deviceId: string): ClaimCodeStanding | undefined;
}

/** A ticket as handed to its device: the reply to /join before it becomes JSON. */
export interface Ticket {
  ticketId: string;
  nodeName: string;
  server: string;
  token: Secret;
  nodePassword: Secret;
  expiresAtMs: number;
}

/** A device as the enrol server hands it over once its key is proven. */
export interface ProvenDevice {
  deviceId: string;
  publicKeyPem: string;
  keyFingerprint: string;
  hello: DeviceHello;
}

/** What the enrol server (the device API) asks of the join controller. */
export interface JoinDesk {
  /** True when a Device object of that id exists: it was admitted before. */
  isAdmitted(deviceId: string): boolean;
  /** Whether a claim names this key, which is evidence of the kind Key. */
  claimsKey(keyFingerprint: string): boolean;
  /** Ids of the devices whose place this one takes, by claims that name just its key: an operator confirmed that. */
  replacedBy(deviceId: string): string[];
  /** Makes the Device, or updates its hardware and evidence. Idempotent; never weakens evidence. */
  admit(device: ProvenDevice, evidence: DeviceEvidence): Promise<void>;
  /** What to tell an admitted device. The version grows with every change. */
  statusOf(deviceId: string): Pick<EnrolStatus, 'state' | 'version' | 'reason' | 'nodeName'>;
  /**
   * The ticket for an approved device. Asking again while the ticket is out gives the same one.
   * @throws UsherError NOT_APPROVED, QUEUE_FULL, DEVICE_REJECTED, DEVICE_REVOKED, TICKET_FAILED, TICKET_TIMED_OUT
   */
  requestTicket(deviceId: string, request: JoinRequest): Promise<Ticket>;
  /** The device says that it joined, or what went wrong. */
  joined(deviceId: string): Promise<void>;
  report(deviceId: string, report: DeviceReport): Promise<void>;
  checkIn(deviceId: string, checkIn: CheckIn): Promise<CheckInReply['order']>;
  /** Called whenever statusOf(deviceId) may have changed. Returns the unsubscribe. */
  onChange(handler: (deviceId: string) => void): () => void;
}

/** An enrol token as operators see it; the secret is shown once, when it is made. */
export interface EnrolTokenView {
  tokenId: string;
  kind: 'card' | 'batch';
  usesLeft: number;
  createdAt: string;
  expiresAt: string;
  note?: string;
  /** Devices that used it. */
  boundTo: string[];
  state: 'usable' | 'used' | 'expired' | 'revoked';
}

export interface NewEnrolToken {
  kind: 'card' | 'batch';
  /** Batch tokens: how many devices may use it. A card token has one use. */
  uses?: number;
  /** Default: card 90 days, batch 7 days. */
  expiresInSec?: number;
  note?: string;
}

/** Enrol tokens, kept as Secrets in usher-system (only their hash), consumed by replace with resourceVersion. */
export interface EnrolTokens {
  create(token: NewEnrolToken): Promise<{ view: EnrolTokenView; token: Secret }>;
  list(): Promise<EnrolTokenView[]>;
  /** Ends the token. Devices that showed it and have not joined yet must show another. */
  revoke(tokenId: string): Promise<void>;
  /** Calls back with the id of each token that is revoked from now on. Returns the unsubscribe. */
  onRevoked(handler: (tokenId: string) => void): () => void;
  /**
   * Spends one use for this device, or finds that the same key spent it before (no event then).
   * @throws UsherError TOKEN_UNKNOWN, TOKEN_USED, TOKEN_EXPIRED, TOKEN_REVOKED; USED and EXPIRED only for a genuine token,
   * with `usedBy` among their params (ids, comma-separated)
   */
  redeem(token: Secret, deviceId: string): Promise<DeviceEvidence>;
  /**
   * Accepts a token that is used up or has expired, for a device that proved it and takes the place of one of `replaced`,
   * as an operator confirmed: the token must have been used by one of them, or be a card's that nobody used. The same
   * device again is no event.
   * @throws UsherError TOKEN_UNKNOWN, TOKEN_USED, TOKEN_EXPIRED, TOKEN_REVOKED
   */
  accept(tokenId: string, deviceId: string, replaced: readonly string[]): Promise<DeviceEvidence>;
}

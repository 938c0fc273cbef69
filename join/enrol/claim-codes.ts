import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { asUsherError, UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { Device } from '../../k8s/core/resources.ts';
import type { ClaimCodeDesk, ClaimCodeStanding } from '../core/ports.ts';
import { shortIdOf } from '../protocol/device-id.ts';
import { verifierOf, type ScramVerifier } from '../protocol/scram.ts';
import { scramCrypto } from '../protocol/scram-crypto.ts';

/** A code that was entered is forgotten after this long. */
export const CODE_LIFE_MS = 15 * 60_000;
const MOST_CODES = 256;
const MOST_REMEMBERED = 4096;
const MOST_ATTEMPTS = 5;
/** A code is locked for this long the first time, and twice as long each further time. */
const LOCK_MS = 15 * 60_000;
const MOST_DOUBLINGS = 6;
const SALT_BYTES = 16;

/** A code that waits for its device. */
interface Entry {
  standing: ClaimCodeStanding;
  fingerprint: string;
  /** Gone once the exchange is over: nothing can be proven with it any more. */
  verifier: ScramVerifier | undefined;
  attempts: number;
  forget: CancelTimer;
}

interface Lock {
  times: number;
  untilMs: number;
}

export interface ClaimCodesOptions {
  clock: Clock;
  random: Random;
  /** Codes that wait at the same time; default 256. */
  most?: number;
  /**
   * The device that entered by the code of this fingerprint, as its object says: so a code stays used after a restart, for
   * as long as there is that device. None in tests.
   */
  usedBy?: (fingerprint: string) => string | undefined;
}

/**
 * The claim codes that operators entered. What is kept of a code is what SCRAM's server needs (RFC 5802 section 3), never
 * the code itself; it is gone after fifteen minutes, after its proof, and with the process. That a code was used outlives
 * all that: its hash is in the evidence of the device that proved it.
 */
export class ClaimCodes implements ClaimCodeDesk {
  readonly #options: ClaimCodesOptions;
  readonly #crypto = scramCrypto(timingSafeEqual);
  /** By device, in order of entry. */
  readonly #entries = new Map<string, Entry>();
  /** Fingerprints of codes that were proven, and by whom: known here before the watch tells of the device. */
  readonly #used = new LRUCache<string, string>({ max: MOST_REMEMBERED });
  readonly #locks = new LRUCache<string, Lock>({ max: MOST_REMEMBERED });
  readonly #changes = new LRUCache<string, number>({ max: MOST_REMEMBERED });
  readonly #handlers = new Set<(deviceId: string) => void>();

  constructor(options: ClaimCodesOptions) {
    this.#options = options;
  }

  async enter(deviceId: string, code: Secret): Promise<ClaimCodeStanding> {
    const { clock, random } = this.#options;
    const fingerprint = codeFingerprintOf(code);
    this.#refuseUsed(deviceId, fingerprint);
    this.#refuseLocked(deviceId, fingerprint);
    const verifier = await verifierOf(this.#crypto, code, random.bytes(SALT_BYTES));
    const before = this.#entries.get(deviceId);
    this.#remove(deviceId);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= (this.#options.most ?? MOST_CODES)) this.#remove(oldest);
    const standing: ClaimCodeStanding = { deviceId, expiresAtMs: clock.nowMs() + CODE_LIFE_MS, state: 'waiting' };
    this.#entries.set(deviceId, {
      standing,
      fingerprint,
      verifier,
      attempts: before?.fingerprint === fingerprint ? before.attempts : 0,
      forget: clock.after(CODE_LIFE_MS, () => {
        this.#remove(deviceId);
        this.#tell(deviceId);
      }),
    });
    this.#tell(deviceId);
    return standing;
  }

  standingOf(deviceId: string): ClaimCodeStanding | undefined {
    return this.#entries.get(deviceId)?.standing;
  }

  /** Whether the device may prove a code now. */
  isWaiting(deviceId: string): boolean {
    return this.standingOf(deviceId)?.state === 'waiting';
  }

  /** Grows with every change of the device's standing. */
  changesOf(deviceId: string): number {
    return this.#changes.get(deviceId) ?? 0;
  }

  /** What the device is asked to prove, and under which name its outcome is to be told; undefined without a code. */
  challengeOf(deviceId: string): { verifier: ScramVerifier; fingerprint: string } | undefined {
    const entry = this.#entries.get(deviceId);
    if (entry?.verifier === undefined) return undefined;
    return { verifier: entry.verifier, fingerprint: entry.fingerprint };
  }

  /**
   * The device proved the code: it is dead for all others before `admit` is called, and alive again if that fails. Of two
   * devices for which the same code was entered, the first one gets in.
   * @throws UsherError CLAIM_CODE_USED, and what `admit` throws
   */
  async redeem(deviceId: string, fingerprint: string, admit: () => Promise<unknown>): Promise<void> {
    try {
      this.#refuseUsed(deviceId, fingerprint);
    } catch (error) {
      this.#settle(deviceId, fingerprint, { state: 'refused', failure: asUsherError(error) });
      throw error;
    }
    const before = this.#used.get(fingerprint);
    this.#used.set(fingerprint, deviceId);
    try {
      await admit();
    } catch (error) {
      if (before === undefined) this.#used.delete(fingerprint);
      throw error;
    }
    this.#settle(deviceId, fingerprint, { state: 'proven' });
  }

  /**
   * The device tried and failed. The code is still waited for when the device has a further one to try.
   * @returns what to tell the device: `failure`, or that the code is locked now
   */
  failed(deviceId: string, fingerprint: string, failure: UsherError, more: boolean): UsherError {
    const entry = this.#entries.get(deviceId);
    if (entry?.fingerprint !== fingerprint) return failure;
    entry.attempts += 1;
    if (entry.attempts < MOST_ATTEMPTS) {
      if (!more) this.#settle(deviceId, fingerprint, { state: 'refused', failure });
      return failure;
    }
    const locked = this.#lock(deviceId, fingerprint);
    this.#settle(deviceId, fingerprint, { state: 'refused', failure: locked });
    return locked;
  }

  /** Calls back with the device's id when its standing changes. Returns the unsubscribe. */
  onChange(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Forgets everything that was entered. */
  close(): void {
    for (const deviceId of [...this.#entries.keys()]) this.#remove(deviceId);
  }

  #settle(deviceId: string, fingerprint: string, outcome: Pick<ClaimCodeStanding, 'state' | 'failure'>): void {
    const entry = this.#entries.get(deviceId);
    // Another code may have been entered while this one was being proven.
    if (entry?.fingerprint !== fingerprint) return;
    entry.verifier = undefined;
    entry.standing = { ...entry.standing, ...outcome };
    this.#tell(deviceId);
  }

  #lock(deviceId: string, fingerprint: string): UsherError {
    const name = lockName(deviceId, fingerprint);
    const times = Math.min(MOST_DOUBLINGS, (this.#locks.get(name)?.times ?? 0) + 1);
    const lockMs = LOCK_MS * 2 ** (times - 1);
    this.#locks.set(name, { times, untilMs: this.#options.clock.nowMs() + lockMs });
    return lockedError(deviceId, lockMs);
  }

  /** The device itself may need it again: it was cut off before it could note that the code is used. */
  #refuseUsed(deviceId: string, fingerprint: string): void {
    const usedBy = this.#used.get(fingerprint) ?? this.#options.usedBy?.(fingerprint);
    if (usedBy !== undefined && usedBy !== deviceId)
      throw new UsherError('CLAIM_CODE_USED', { usedBy: shortIdOf(usedBy) });
  }

  #refuseLocked(deviceId: string, fingerprint: string): void {
    const lock = this.#locks.get(lockName(deviceId, fingerprint));
    const leftMs = (lock?.untilMs ?? 0) - this.#options.clock.nowMs();
    if (leftMs > 0) throw lockedError(deviceId, leftMs);
    const entry = this.#entries.get(deviceId);
    if (lock !== undefined && entry?.fingerprint === fingerprint) entry.attempts = 0;
  }

  #remove(deviceId: string): void {
    this.#entries.get(deviceId)?.forget();
    this.#entries.delete(deviceId);
  }

  #tell(deviceId: string): void {
    this.#changes.set(deviceId, this.changesOf(deviceId) + 1);
    for (const handler of this.#handlers) handler(deviceId);
  }
}

/** The device whose evidence says that it proved the code of this fingerprint. */
export function deviceOfCode(devices: readonly Device[], fingerprint: string): string | undefined {
  return devices.find(({ spec }) => spec.evidence.codeFingerprint === fingerprint)?.metadata.name;
}

/** What a claim code is known by once it was used: 80 random bits are told by no hash. */
export function codeFingerprintOf(code: Secret): string {
  return createHash('sha256').update(code.reveal()).digest('hex');
}

function lockName(deviceId: string, fingerprint: string): string {
  return `${deviceId} ${fingerprint}`;
}

function lockedError(deviceId: string, leftMs: number): UsherError {
  return new UsherError('CLAIM_CODE_LOCKED', { id: shortIdOf(deviceId), waitMin: Math.ceil(leftMs / 60_000) });
}

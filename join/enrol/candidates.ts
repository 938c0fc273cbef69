import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Candidate, CandidateList } from '../core/ports.ts';

/** Bounds of the list of devices without evidence. */
export interface CandidateLimits {
  devices: number;
  keysPerMac: number;
  idleMs: number;
}

export const DEFAULT_CANDIDATE_LIMITS: CandidateLimits = { devices: 2000, keysPerMac: 3, idleMs: 24 * 3_600_000 };

/** What a device without evidence showed, before the list adds when. */
export type CandidateSighting = Omit<Candidate, 'firstSeenMs' | 'lastSeenMs'>;

interface Entry {
  candidate: Candidate;
  version: number;
}

/**
 * The bounded list of devices that showed no accepted evidence. It lives in memory only: whoever can make keys can
 * fill it, so it costs the API server nothing and the longest silent entry goes first.
 */
export class Candidates implements CandidateList {
  readonly #clock: Clock;
  readonly #limits: CandidateLimits;
  /** In order of last contact, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #byMac = new Map<string, Set<string>>();
  readonly #handlers = new Set<(deviceId: string) => void>();
  #lastVersion: number;
  #cancelSweep: CancelTimer | undefined;

  constructor(clock: Clock, limits: CandidateLimits = DEFAULT_CANDIDATE_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    // Starting at the time of day, a version from before a restart is never met again.
    this.#lastVersion = clock.nowMs();
  }

  list(): Candidate[] {
    return [...this.#entries.values()].map(({ candidate }) => candidate);
  }

  get(deviceId: string): Candidate | undefined {
    return this.#entries.get(deviceId)?.candidate;
  }

  /** Grows with every change of this candidate; undefined when it is not on the list. */
  versionOf(deviceId: string): number | undefined {
    return this.#entries.get(deviceId)?.version;
  }

  onChange(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Notes a hello. A change that a person would see grows the version and is told. */
  record(seen: CandidateSighting): void {
    const { deviceId } = seen;
    const nowMs = this.#clock.nowMs();
    const known = this.#entries.get(deviceId);
    const candidate: Candidate = { ...seen, firstSeenMs: known?.candidate.firstSeenMs ?? nowMs, lastSeenMs: nowMs };
    const isSame = known !== undefined && looksSame(known.candidate, candidate);
    const version = isSame ? known.version : this.#nextVersion();
    this.#drop(deviceId);
    this.#entries.set(deviceId, { candidate, version });
    for (const mac of new Set(candidate.hello.hw.macs)) this.#addMac(mac, deviceId);
    this.#evict();
    if (this.#cancelSweep === undefined) this.#armSweep();
    if (!isSame) this.#tell(deviceId);
  }

  /** Notes that the device is still there, which keeps it on the list. */
  touch(deviceId: string): void {
    const entry = this.#entries.get(deviceId);
    if (entry === undefined) return;
    entry.candidate = { ...entry.candidate, lastSeenMs: this.#clock.nowMs() };
    this.#entries.delete(deviceId);
    this.#entries.set(deviceId, entry);
  }

  /** Takes the device off the list: it was admitted, or is gone. */
  forget(deviceId: string): void {
    if (this.#drop(deviceId)) this.#tell(deviceId);
  }

  /** Stops the timer that forgets idle entries. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  #drop(deviceId: string): boolean {
    const entry = this.#entries.get(deviceId);
    if (entry === undefined) return false;
    this.#entries.delete(deviceId);
    for (const mac of entry.candidate.hello.hw.macs) {
      const keys = this.#byMac.get(mac);
      keys?.delete(deviceId);
      if (keys?.size === 0) this.#byMac.delete(mac);
    }
    return true;
  }

  #addMac(mac: string, deviceId: string): void {
    const keys = this.#byMac.get(mac) ?? new Set<string>();
    this.#byMac.set(mac, keys.add(deviceId));
    if (keys.size <= this.#limits.keysPerMac) return;
    const oldest = [...keys].filter((id) => id !== deviceId).sort((a, b) => this.#worth(a) - this.#worth(b))[0];
    if (oldest !== undefined) this.forget(oldest);
  }

  /** Who holds a genuine token goes last: anybody can copy a MAC, and the token cannot be shown again and again. */
  #worth(deviceId: string): number {
    const isProven = this.get(deviceId)?.provenToken !== undefined;
    return this.#lastSeen(deviceId) + (isProven ? this.#limits.idleMs : 0);
  }

  #lastSeen(deviceId: string): number {
    return this.get(deviceId)?.lastSeenMs ?? 0;
  }

  #evict(): void {
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > this.#limits.devices) this.forget(oldest);
  }

  #armSweep(): void {
    const [oldest] = this.#entries.values();
    if (oldest === undefined) {
      this.#cancelSweep = undefined;
      return;
    }
    const idleAtMs = oldest.candidate.lastSeenMs + this.#limits.idleMs;
    this.#cancelSweep = this.#clock.after(Math.max(1000, idleAtMs - this.#clock.nowMs()), () => this.#sweep());
  }

  #sweep(): void {
    const oldestMs = this.#clock.nowMs() - this.#limits.idleMs;
    for (const { deviceId, lastSeenMs } of this.list()) {
      if (lastSeenMs > oldestMs) break;
      this.forget(deviceId);
    }
    this.#armSweep();
  }

  #nextVersion(): number {
    this.#lastVersion = Math.max(this.#lastVersion + 1, this.#clock.nowMs());
    return this.#lastVersion;
  }

  #tell(deviceId: string): void {
    for (const handler of this.#handlers) handler(deviceId);
  }
}

function looksSame(one: Candidate, other: Candidate): boolean {
  return (
    one.ip === other.ip &&
    one.refusal?.message === other.refusal?.message &&
    one.provenToken?.tokenId === other.provenToken?.tokenId &&
    one.provenToken?.boundTo.join() === other.provenToken?.boundTo.join() &&
    JSON.stringify(one.hello.hw) === JSON.stringify(other.hello.hw) &&
    one.hello.evidence.type === other.hello.evidence.type
  );
}

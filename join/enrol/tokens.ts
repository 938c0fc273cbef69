import { createHash } from 'node:crypto';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { toCrockford } from '../../foundation/crockford.ts';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { printable } from '../../foundation/text.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { SECRET, USHER_NAMESPACE, type DeviceEvidence } from '../../k8s/core/resources.ts';
import type { EnrolTokens, EnrolTokenView, NewEnrolToken } from '../core/ports.ts';
import { ENROL_TOKEN_PATTERN } from '../protocol/messages.ts';
import {
  fromSecret,
  sameHash,
  secretNameOf,
  TOKEN_LABEL,
  toData,
  tokenIdOf,
  toSecret,
  viewOf,
  type TokenRecord,
} from './token-secret.ts';

const DAY_SEC = 86_400;
const DEFAULT_LIFE_SEC = { card: 90 * DAY_SEC, batch: 7 * DAY_SEC };
const LONGEST_LIFE_SEC = 3650 * DAY_SEC;
/** The list of users lives in the token's Secret, which may hold 1 MiB. */
const MOST_USES = 5000;
const NOTE_LENGTH = 128;
const MOST_USERS_TOLD = 4;
/** Conflicts come from another appliance or an operator only: uses of one token here wait for each other. */
const ATTEMPTS = 6;

export interface EnrolTokensOptions {
  kube: KubeClient;
  clock: Clock;
  random: Random;
}

/**
 * Enrol tokens as Secrets: one object per token, its hash and its count in the data, spent by replace guarded with
 * resourceVersion, so that the last use is given out once however many appliances and devices ask.
 */
export class KubeEnrolTokens implements EnrolTokens {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #random: Random;
  /** The end of the queue for each token that is being spent right now. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #handlers = new Set<(tokenId: string) => void>();

  constructor({ kube, clock, random }: EnrolTokensOptions) {
    this.#kube = kube;
    this.#clock = clock;
    this.#random = random;
  }

  async create(token: NewEnrolToken): Promise<{ view: EnrolTokenView; token: Secret }> {
    const uses = token.kind === 'card' ? 1 : (token.uses ?? 1);
    const lifeSec = token.expiresInSec ?? DEFAULT_LIFE_SEC[token.kind];
    requireWithin('uses', uses, MOST_USES);
    requireWithin('expiresInSec', lifeSec, LONGEST_LIFE_SEC);
    const tokenId = toCrockford(this.#random.bytes(7)).slice(0, 10);
    const secret = toCrockford(this.#random.bytes(16));
    const nowMs = this.#clock.nowMs();
    const record: TokenRecord = {
      sha256: hashOf(secret),
      kind: token.kind,
      usesLeft: uses,
      createdAt: toRfc3339(nowMs),
      expiresAt: toRfc3339(nowMs + lifeSec * 1000),
      revoked: false,
      boundTo: [],
      ...(token.note === undefined ? {} : { note: printable(token.note, NOTE_LENGTH) }),
    };
    await this.#kube.create(SECRET, toSecret(tokenId, record));
    return { view: viewOf(tokenId, record, nowMs), token: new Secret(`ush1.${tokenId}.${secret}`) };
  }

  async list(): Promise<EnrolTokenView[]> {
    const secrets = await this.#kube.list(SECRET, { namespace: USHER_NAMESPACE, labelSelector: TOKEN_LABEL });
    return secrets.map((secret) => viewOf(tokenIdOf(secret), fromSecret(secret), this.#clock.nowMs()));
  }

  async revoke(tokenId: string): Promise<void> {
    const revoked = Buffer.from('true').toString('base64');
    try {
      await this.#kube.mergePatch(SECRET, secretNameOf(tokenId), { data: { revoked } });
    } catch (error) {
      if (!isUsherError(error, 'KUBE_NOT_FOUND')) throw error;
      throw new UsherError('TOKEN_UNKNOWN', { tokenId }, { cause: error });
    }
    for (const handler of this.#handlers) handler(tokenId);
  }

  onRevoked(handler: (tokenId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async redeem(token: Secret, deviceId: string): Promise<DeviceEvidence> {
    const [, tokenId, secret] = ENROL_TOKEN_PATTERN.exec(token.reveal()) ?? [];
    if (tokenId === undefined || secret === undefined)
      throw new UsherError('TOKEN_UNKNOWN', { tokenId: '(malformed)' });
    const hash = hashOf(secret);
    return this.#inTurn(tokenId, () =>
      this.#spend(tokenId, (record, nowMs) => {
        // A wrong secret is answered like an unknown id: nobody learns which ids exist.
        if (!sameHash(record.sha256, hash)) throw new UsherError('TOKEN_UNKNOWN', { tokenId });
        return decide({ tokenId, record, deviceId, nowMs, replaced: [] });
      }),
    );
  }

  async accept(tokenId: string, deviceId: string, replaced: readonly string[]): Promise<DeviceEvidence> {
    return this.#inTurn(tokenId, () =>
      this.#spend(tokenId, (record, nowMs) => decide({ tokenId, record, deviceId, nowMs, replaced })),
    );
  }

  async #spend(tokenId: string, judge: (record: TokenRecord, nowMs: number) => Verdict): Promise<DeviceEvidence> {
    for (let attempt = 1; ; attempt += 1) {
      const secret = await this.#kube.get(SECRET, secretNameOf(tokenId));
      if (secret === undefined) throw new UsherError('TOKEN_UNKNOWN', { tokenId });
      const decision = judge(fromSecret(secret), this.#clock.nowMs());
      if (decision.next === undefined) return decision.evidence;
      try {
        await this.#kube.replace(SECRET, { ...secret, data: toData(decision.next) });
        return decision.evidence;
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUsherError(error, 'KUBE_CONFLICT')) throw error;
      }
    }
  }

  /** Fifty cards of one batch that start together would otherwise push each other through as many conflicts. */
  async #inTurn<T>(tokenId: string, run: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(tokenId) ?? Promise.resolve();
    const mine = before.then(run, run);
    this.#queues.set(tokenId, mine);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(tokenId) === mine) this.#queues.delete(tokenId);
    }
  }
}

/** What redeeming does: the evidence, and the record to write unless the same key spent its use before. */
interface Verdict {
  evidence: DeviceEvidence;
  next?: TokenRecord;
}

interface Question {
  tokenId: string;
  record: TokenRecord;
  deviceId: string;
  nowMs: number;
  /** Devices whose place this one takes. */
  replaced: readonly string[];
}

function decide({ tokenId, record, deviceId, nowMs, replaced }: Question): Verdict {
  const kind = record.kind === 'card' ? 'CardToken' : 'BatchToken';
  if (record.revoked) throw new UsherError('TOKEN_REVOKED', { tokenId });
  const mine = record.boundTo.find(({ device }) => device === deviceId);
  if (mine !== undefined) return { evidence: { kind, tokenId, verifiedAt: mine.at } };
  if (!isConfirmed(record, replaced)) {
    const usedBy = usersOf(record);
    // Used before expired: that another device was faster is what an operator must hear about, however late.
    if (record.usesLeft === 0) throw new UsherError('TOKEN_USED', { tokenId, usedBy });
    if (Date.parse(record.expiresAt) <= nowMs)
      throw new UsherError('TOKEN_EXPIRED', { tokenId, expiredAt: record.expiresAt, usedBy });
  }
  const at = toRfc3339(nowMs);
  return {
    evidence: { kind, tokenId, verifiedAt: at },
    next: {
      ...record,
      usesLeft: Math.max(0, record.usesLeft - 1),
      boundTo: [...record.boundTo, { device: deviceId, at }],
    },
  };
}

/** Whether an operator's word that a device takes the place of another bears on this token. */
function isConfirmed({ kind, boundTo }: TokenRecord, replaced: readonly string[]): boolean {
  if (boundTo.length === 0) return kind === 'card' && replaced.length > 0;
  return boundTo.some(({ device }) => replaced.includes(device));
}

/** The devices that used it, the last first, as far as a message can tell them. */
function usersOf({ boundTo }: TokenRecord): string {
  return boundTo
    .slice(-MOST_USERS_TOLD)
    .reverse()
    .map(({ device }) => device)
    .join(', ');
}

function requireWithin(field: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new UsherError('REQUEST_INVALID', { detail: `${field} must be between 1 and ${most}` });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

import type { TLSSocket } from 'node:tls';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import type { DeviceEvidence } from '../../k8s/core/resources.ts';
import type { Candidate, EnrolTokens, JoinDesk, ProvenDevice } from '../core/ports.ts';
import { shortIdOf } from '../protocol/device-id.ts';
import type { DeviceHello, EnrolState, EnrolStatus } from '../protocol/messages.ts';
import { countedAs } from './addresses.ts';
import type { Candidates } from './candidates.ts';
import type { ClaimCodes } from './claim-codes.ts';
import { HelloGate } from './hello-gate.ts';
import { verifyEvidence, type EvidenceVerifiers } from './evidence-verifiers.ts';
import type { DeviceIdentity } from './identity.ts';
import type { Identifications } from './identifications.ts';
import type { LongPolls } from './long-polls.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface RegistrarOptions {
  desk: JoinDesk;
  candidates: Candidates;
  verifiers: EvidenceVerifiers;
  tokens: Pick<EnrolTokens, 'accept'>;
  polls: LongPolls;
  claimCodes: Pick<ClaimCodes, 'standingOf' | 'isWaiting' | 'changesOf' | 'onChange'>;
  identifications: Identifications;
  refusedTokensPerIp: RateLimiter;
  /** Hears of what a person must judge; none in tests. */
  alarms?: Pick<AlarmBook, 'raise'>;
  clock: Clock;
  logger: Logger;
}

/** Where a request came from. */
export interface Caller {
  identity: DeviceIdentity;
  ip: string;
  socket: TLSSocket;
}

const RETRY_AFTER_SEC: Partial<Record<EnrolState, number>> = { pending: 5, held: 30, rejected: 300, revoked: 300 };
/** States in which a device's evidence was accepted and nobody has turned it away. */
const WELCOME: readonly EnrolState[] = ['verified', 'approved', 'joined'];

/**
 * Receives devices: checks what they show, hands those with evidence to the join desk, keeps the others as candidates,
 * and tells each how it stands.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #unsubscribe: (() => void)[];
  readonly #gate: HelloGate;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#gate = new HelloGate(options.clock);
    const { desk, candidates, claimCodes, polls } = options;
    this.#unsubscribe = [
      claimCodes.onChange((deviceId) => polls.wake(deviceId)),
      candidates.onChange((deviceId) => polls.wake(deviceId)),
      desk.onChange((deviceId) => {
        if (desk.isAdmitted(deviceId)) candidates.forget(deviceId);
        else void this.#admitByClaim(deviceId);
        polls.wake(deviceId);
      }),
    ];
  }

  /**
   * @throws UsherError DEVICE_ID_MISMATCH; TOKEN_* when its evidence is refused (it is then a candidate and may go on
   * polling); RATE_LIMITED after too many refused tokens; ENROL_BUSY when too many say hello at once
   */
  async hello(caller: Caller, hello: DeviceHello): Promise<EnrolStatus> {
    const { desk } = this.#options;
    const { deviceId } = caller.identity;
    if (hello.id !== deviceId) throw new UsherError('DEVICE_ID_MISMATCH', { claimed: hello.id, actual: deviceId });
    const device: ProvenDevice = { ...caller.identity, hello: withoutToken(hello) };
    if (desk.isAdmitted(deviceId) && desk.statusOf(deviceId).state !== 'pending') {
      await desk.admit(device, { kind: 'None' });
      return this.statusOf(deviceId);
    }
    if (hello.evidence.type !== 'token') return this.#receive(caller, hello, device);
    return this.#gate.run(() => this.#receive(caller, hello, device));
  }

  /** Looks at what the device shows. */
  async #receive(caller: Caller, hello: DeviceHello, device: ProvenDevice): Promise<EnrolStatus> {
    const { desk, candidates, logger } = this.#options;
    const { deviceId } = device;
    const shown = await this.#verify(caller, hello, device);
    if (shown.evidence !== undefined) return this.#admit(device, shown.evidence);
    if (desk.isAdmitted(deviceId)) await desk.admit(device, { kind: 'None' });
    else {
      if (candidates.get(deviceId) === undefined)
        logger.info({ deviceId, ip: caller.ip }, 'a device without evidence says hello');
      const { refusal } = shown;
      const provenToken = refusal === undefined ? undefined : provenBy(refusal);
      candidates.record({
        ...device,
        ip: caller.ip,
        ...(refusal === undefined ? {} : { refusal }),
        ...(provenToken === undefined ? {} : { provenToken }),
      });
    }
    if (shown.refusal !== undefined) throw shown.refusal;
    return this.statusOf(deviceId);
  }

  /**
   * How the device stands, at once when that differs from `version`, else at the next change or after `waitMs`.
   * @throws UsherError DEVICE_UNKNOWN when it must say hello (again)
   */
  async status(
    deviceId: string,
    wait: { waitMs: number; version?: number },
    signal: AbortSignal,
  ): Promise<EnrolStatus> {
    const { candidates, clock, polls, identifications } = this.#options;
    candidates.touch(deviceId);
    await this.#admitByClaim(deviceId);
    const deadlineMs = clock.nowMs() + wait.waitMs;
    let status = this.statusOf(deviceId);
    const known = wait.version ?? status.version;
    while (status.version === known && !identifications.isNews(deviceId)) {
      const leftMs = deadlineMs - clock.nowMs();
      const end = leftMs > 0 ? await polls.wait(deviceId, leftMs, signal) : 'over';
      status = this.statusOf(deviceId);
      if (end === 'over') break;
    }
    return status;
  }

  /** How the device stands now. */
  statusOf(deviceId: string): EnrolStatus {
    const { claimCodes } = this.#options;
    const { state, version, reason, nodeName } = this.#standing(deviceId);
    const retryAfterSec = RETRY_AFTER_SEC[state];
    return {
      v: 1,
      state,
      // A change of the one or the other is always a change of the sum: neither ever becomes less.
      version: version + 2 * claimCodes.changesOf(deviceId),
      serverTime: toRfc3339(this.#options.clock.nowMs()),
      ...(reason === undefined ? {} : { reason }),
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(retryAfterSec === undefined ? {} : { retryAfterSec }),
      ...(claimCodes.isWaiting(deviceId) ? { codeEntered: true } : {}),
    };
  }

  /** Takes in a device that proved the claim code an operator entered for it. @throws UsherError ENROL_BUSY, KUBE_* */
  async admitByCode({ identity }: Caller, hello: DeviceHello, codeFingerprint: string): Promise<void> {
    const verifiedAt = toRfc3339(this.#options.clock.nowMs());
    const evidence: DeviceEvidence = { kind: 'ClaimCode', verifiedAt, codeFingerprint };
    await this.#gate.run(() => this.#admit({ ...identity, hello: withoutToken(hello) }, evidence));
  }

  /** @throws UsherError EVIDENCE_MISSING or NOT_APPROVED unless the device's evidence was accepted */
  requireVerified(deviceId: string): void {
    const { desk } = this.#options;
    const state = desk.isAdmitted(deviceId) ? desk.statusOf(deviceId).state : 'pending';
    if (state === 'pending') throw new UsherError('EVIDENCE_MISSING', { id: shortIdOf(deviceId) });
    if (!WELCOME.includes(state)) throw new UsherError('NOT_APPROVED');
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  async #verify(
    caller: Caller,
    hello: DeviceHello,
    device: ProvenDevice,
  ): Promise<{ evidence?: DeviceEvidence; refusal?: UsherError }> {
    const { desk, verifiers, refusedTokensPerIp, logger } = this.#options;
    const { deviceId, keyFingerprint } = caller.identity;
    const keyEvidence = (): DeviceEvidence => ({ kind: 'Key', verifiedAt: toRfc3339(this.#options.clock.nowMs()) });
    if (hello.evidence.type === 'token') {
      const retryAfterSec = refusedTokensPerIp.peek(countedAs(caller.ip));
      if (retryAfterSec > 0) throw new UsherError('RATE_LIMITED', { retryAfterSec });
    }
    try {
      const evidence = await verifyEvidence(verifiers, hello.evidence, { device, socket: caller.socket });
      if (evidence !== undefined) return { evidence };
    } catch (error) {
      // 403 is a verdict on the evidence; anything else is a failure of ours and says nothing about it.
      if (!isUsherError(error) || error.http !== 403) throw error;
      const evidence = await this.#confirmed(deviceId, provenBy(error));
      if (evidence !== undefined) return { evidence };
      if (error.code === 'TOKEN_USED') {
        const { tokenId = '' } = error.params;
        void this.#options.alarms?.raise({
          code: 'TOKEN_USED',
          params: error.params,
          device: deviceId,
          occasion: String(tokenId),
        });
      }
      refusedTokensPerIp.take(countedAs(caller.ip));
      logger.warn({ deviceId, ip: caller.ip, code: error.code, ...error.params }, 'evidence of a device is refused');
      return desk.claimsKey(keyFingerprint) ? { evidence: keyEvidence() } : { refusal: error };
    }
    return desk.claimsKey(keyFingerprint) ? { evidence: keyEvidence() } : {};
  }

  async #admit(device: ProvenDevice, evidence: DeviceEvidence): Promise<EnrolStatus> {
    const { desk, candidates, logger } = this.#options;
    const { deviceId } = device;
    await desk.admit(device, evidence);
    logger.info(
      { deviceId, evidence: evidence.kind, tokenId: evidence.tokenId },
      'the evidence of a device is accepted',
    );
    if (desk.isAdmitted(deviceId)) candidates.forget(deviceId);
    return this.statusOf(deviceId);
  }

  /** The evidence in a token that counts no more by itself, when an operator confirmed what makes it count. */
  async #confirmed(deviceId: string, proven: Candidate['provenToken']): Promise<DeviceEvidence | undefined> {
    const { desk, tokens } = this.#options;
    const replaced = proven === undefined ? [] : desk.replacedBy(deviceId);
    if (proven === undefined || replaced.length === 0) return undefined;
    try {
      return await tokens.accept(proven.tokenId, deviceId, replaced);
    } catch (error) {
      // What was confirmed has nothing to do with this token.
      if (isUsherError(error) && error.http === 403) return undefined;
      throw error;
    }
  }

  /**
   * A claim may name the key of a device that is already here, or confirm that it replaces one whose token it showed: then
   * it need not say hello again.
   */
  async #admitByClaim(deviceId: string): Promise<void> {
    const { desk, candidates, clock, logger } = this.#options;
    const candidate: Candidate | undefined = candidates.get(deviceId);
    if (candidate === undefined || desk.isAdmitted(deviceId)) return;
    const { publicKeyPem, keyFingerprint, hello, provenToken } = candidate;
    try {
      const evidence: DeviceEvidence | undefined = desk.claimsKey(keyFingerprint)
        ? { kind: 'Key', verifiedAt: toRfc3339(clock.nowMs()) }
        : await this.#confirmed(deviceId, provenToken);
      if (evidence !== undefined) await this.#admit({ deviceId, publicKeyPem, keyFingerprint, hello }, evidence);
    } catch (error) {
      const { code, message } = asUsherError(error);
      logger.warn({ deviceId, code, message }, 'a device whose key is claimed could not be admitted yet');
    }
  }

  #standing(deviceId: string): Pick<EnrolStatus, 'state' | 'version' | 'reason' | 'nodeName'> {
    const { desk, candidates } = this.#options;
    // Odd versions are the desk's and even ones the list's, so that passing from one to the other is always a change.
    if (desk.isAdmitted(deviceId)) {
      const status = desk.statusOf(deviceId);
      return { ...status, version: status.version * 2 + 1 };
    }
    const version = candidates.versionOf(deviceId);
    if (version === undefined) throw new UsherError('DEVICE_UNKNOWN', { id: shortIdOf(deviceId) });
    return { state: 'pending', version: version * 2, reason: this.#missingOf(deviceId).toBody() };
  }

  /** What a device without evidence lacks. */
  #missingOf(deviceId: string): UsherError {
    const { candidates, claimCodes } = this.#options;
    const candidate = candidates.get(deviceId);
    if (candidate?.refusal !== undefined) return candidate.refusal;
    const failure = claimCodes.standingOf(deviceId)?.failure;
    if (failure !== undefined) return failure;
    const code = candidate?.hello.evidence.type === 'code' ? 'CLAIM_CODE_AWAITED' : 'EVIDENCE_MISSING';
    return new UsherError(code, { id: shortIdOf(deviceId) });
  }
}

/** What was shown stays here: neither the list of candidates nor the desk has use for a token. */
function withoutToken(hello: DeviceHello): DeviceHello {
  return hello.evidence.type === 'token' ? { ...hello, evidence: { type: 'none' } } : hello;
}

/** The genuine token that such a refusal is about. */
function provenBy({ code, params }: UsherError): Candidate['provenToken'] {
  if (code !== 'TOKEN_USED' && code !== 'TOKEN_EXPIRED') return undefined;
  const { tokenId, usedBy = '' } = params;
  const boundTo = String(usedBy)
    .split(', ')
    .filter((id) => id !== '');
  return tokenId === undefined ? undefined : { tokenId: String(tokenId), boundTo };
}

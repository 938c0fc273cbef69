import { timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import { shortIdOf } from '../protocol/device-id.ts';
import type { ClaimFinal, ClaimFirst, DeviceHello } from '../protocol/messages.ts';
import {
  answerFinal,
  EXPORTER_BYTES,
  EXPORTER_LABEL,
  isBoundToTls,
  nonceOf,
  parseClientFirst,
  serverFirst,
  tlsExporter,
  type ClientFirst,
  type ScramFailure,
  type ScramVerifier,
} from '../protocol/scram.ts';
import { scramCrypto } from '../protocol/scram-crypto.ts';
import { countedAs } from './addresses.ts';
import type { ClaimCodes } from './claim-codes.ts';
import { RateLimiter, type Limit } from './rate-limiter.ts';
import type { Caller } from './registrar.ts';

export interface ClaimProofsOptions {
  codes: ClaimCodes;
  limits: { claimProofsPerIp: Limit; claimProofs: Limit };
  /** Hears that somebody stands between a device and the appliance. */
  alarms?: Pick<AlarmBook, 'raise'>;
  random: Random;
  clock: Clock;
}

/** From the first message to the final one. */
const LONGEST_EXCHANGE_MS = 10_000;
const NONCE_BYTES = 18;

/** One exchange, which lives and dies with its connection. */
interface Exchange {
  first: ClientFirst;
  serverFirst: string;
  verifier: ScramVerifier;
  fingerprint: string;
  hello: DeviceHello;
  beganMs: number;
}

/** The server's side of the proof of a claim code: SCRAM-SHA-256-PLUS with tls-exporter, and nothing less. */
export class ClaimProofs {
  readonly #options: ClaimProofsOptions;
  readonly #crypto = scramCrypto(timingSafeEqual);
  readonly #perIp: RateLimiter;
  readonly #all: RateLimiter;
  /** Connections on which an exchange was begun; `over` once it is. */
  readonly #exchanges = new WeakMap<TLSSocket, Exchange | 'over'>();

  constructor(options: ClaimProofsOptions) {
    this.#options = options;
    this.#perIp = new RateLimiter(options.clock, options.limits.claimProofsPerIp);
    this.#all = new RateLimiter(options.clock, options.limits.claimProofs);
  }

  /**
   * The first message of a device, and the challenge to it.
   * @throws UsherError RATE_LIMITED, CLAIM_PROOF_INVALID, DEVICE_ID_MISMATCH, CLAIM_CODE_AWAITED
   */
  first(caller: Caller, { data, hello }: ClaimFirst): string {
    const { clock, codes, random } = this.#options;
    const { deviceId } = caller.identity;
    this.#limit(caller);
    if (this.#exchanges.has(caller.socket)) throw invalid('a connection serves one attempt');
    this.#exchanges.set(caller.socket, 'over');
    const first = parseClientFirst(data);
    if (first === undefined) throw invalid('its first message is no message of SCRAM');
    if (!isBoundToTls(first)) throw invalid('it is not bound to its TLS connection');
    const claimed = first.username === deviceId ? hello.id : first.username;
    if (claimed !== deviceId) throw this.#otherId(claimed, deviceId);
    const challenge = codes.challengeOf(deviceId);
    if (challenge === undefined) throw new UsherError('CLAIM_CODE_AWAITED', { id: shortIdOf(deviceId) });
    const said = serverFirst(first, challenge.verifier, nonceOf(random.bytes(NONCE_BYTES)));
    this.#exchanges.set(caller.socket, { first, serverFirst: said, hello, beganMs: clock.nowMs(), ...challenge });
    return said;
  }

  /**
   * The final message of a device. When it proves the code, that is dead for every other device, `admit` is called with
   * the hello and the code's fingerprint, and only when that is done the device gets our own proof.
   * @throws UsherError CLAIM_PROOF_INVALID, CLAIM_CODE_WRONG, CLAIM_CODE_LOCKED, CLAIM_CODE_RELAYED, CLAIM_CODE_USED, and
   * those of `admit`
   */
  async final(
    caller: Caller,
    { data, more }: ClaimFinal,
    admit: (hello: DeviceHello, codeFingerprint: string) => Promise<unknown>,
  ): Promise<string> {
    const { clock, codes } = this.#options;
    const { deviceId } = caller.identity;
    const exchange = this.#exchanges.get(caller.socket) ?? 'over';
    this.#exchanges.set(caller.socket, 'over');
    if (exchange === 'over') throw invalid('its first message did not come by this connection');
    if (Math.abs(clock.nowMs() - exchange.beganMs) > LONGEST_EXCHANGE_MS) throw invalid('it took too long');
    const { fingerprint } = exchange;
    const exported = caller.socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
    const outcome = await answerFinal(this.#crypto, { ...exchange, binding: tlsExporter(exported), text: data });
    // The code may have been locked, replaced or proven by another connection meanwhile.
    if (codes.challengeOf(deviceId)?.fingerprint !== fingerprint) {
      throw new UsherError('CLAIM_CODE_AWAITED', { id: shortIdOf(deviceId) });
    }
    if ('failure' in outcome) {
      throw codes.failed(deviceId, fingerprint, this.#failure(outcome.failure, deviceId), more === true);
    }
    await codes.redeem(deviceId, fingerprint, () => admit(exchange.hello, fingerprint));
    return outcome.text;
  }

  #limit({ ip }: Caller): void {
    const retryAfterSec = Math.max(this.#perIp.take(countedAs(ip)), this.#all.take('all'));
    if (retryAfterSec > 0) throw new UsherError('RATE_LIMITED', { retryAfterSec });
  }

  /** Whoever speaks for a device whose code was entered, with a key of his own, passes on what that device said. */
  #otherId(claimed: string, actual: string): UsherError {
    if (this.#options.codes.isWaiting(claimed)) this.#alarm(claimed, actual);
    return new UsherError('DEVICE_ID_MISMATCH', { claimed, actual });
  }

  #failure(failure: ScramFailure, deviceId: string): UsherError {
    const params = { id: shortIdOf(deviceId) };
    switch (failure) {
      case 'invalid-proof':
        return new UsherError('CLAIM_CODE_WRONG', params);
      case 'channel-bindings-dont-match':
        this.#alarm(deviceId, deviceId);
        return new UsherError('CLAIM_CODE_RELAYED', params);
      case 'invalid-encoding':
      case 'other-error':
        return invalid(failure);
    }
  }

  #alarm(device: string, occasion: string): void {
    void this.#options.alarms?.raise({
      code: 'CLAIM_CODE_RELAYED',
      params: { id: shortIdOf(device) },
      device,
      occasion,
    });
  }
}

function invalid(detail: string): UsherError {
  return new UsherError('CLAIM_PROOF_INVALID', { detail });
}

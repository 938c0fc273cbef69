import type { Clock } from '../../foundation/clock.ts';
import type { Random } from '../../foundation/random.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { ErrorCode } from '../../foundation/error-catalogue.ts';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import { claimCodeUrl, typedClaimCode } from '../../join/protocol/claim-code.ts';
import { shortIdOf } from '../../join/protocol/device-id.ts';
import type { GenericCard } from './adapters/card.ts';
import { proveClaimCode, type ClaimProofOptions } from './adapters/claim-proof.ts';
import type { DeviceIdentity } from './adapters/device-key.ts';
import type { ClaimCodeView } from './core/console-text.ts';
import { DisplayCodes } from './core/display-codes.ts';
import { halfBlocks, type QrEncoder } from './core/half-blocks.ts';
import type { Site } from './core/local-state.ts';
import { refusalCodeOf } from './core/refusal.ts';

/** Opened by the QR code of a card that names no page; the page's own scanner looks at no host. */
const DEFAULT_CLAIM_BASE = 'https://usher.local';

export interface ClaimModeOptions {
  readonly card: GenericCard;
  readonly identity: DeviceIdentity;
  readonly encodeQr: QrEncoder;
  readonly clock: Clock;
  readonly random: Random;
  /** The screen has to show something else now. */
  readonly onChange: () => void;
}

type ProvenAt = Pick<ClaimProofOptions, 'origin' | 'caPem' | 'hello'>;

/** How a device of a generic card joins the site whose operator enters its code: that of its screen, or of its label. */
export class ClaimMode {
  readonly #options: ClaimModeOptions;
  readonly #display: DisplayCodes | undefined;

  constructor(options: ClaimModeOptions) {
    this.#options = options;
    const { card, clock, random, onChange } = options;
    this.#display = card.code === undefined ? new DisplayCodes({ clock, random, onChange }) : undefined;
  }

  /** Where to look for an appliance, whoever that is. */
  get urls(): string[] {
    return this.#options.card.urls;
  }

  get issuedAt(): string {
    return this.#options.card.issuedAt;
  }

  /** The code stands on a label and in the card's file, and is dead after one use. */
  get isLabelled(): boolean {
    return this.#display === undefined;
  }

  /** What the screen shows of it. A label's code is on the label only. */
  view(): ClaimCodeView {
    if (this.#display === undefined) return { on: 'label' };
    const { card, identity, encodeQr } = this.#options;
    const { current } = this.#display;
    const url = claimCodeUrl(card.claimBase ?? DEFAULT_CLAIM_BASE, identity.deviceId, current);
    return { on: 'screen', typed: typedClaimCode(identity.deviceId, current), qr: halfBlocks(encodeQr(url)) };
  }

  /**
   * Proves the code that was entered, and gives the site that proved it too. Which code was entered only the proof tells:
   * the one on the screen, or the one before it.
   * @throws UsherError as {@link proveClaimCode}; when no code was right, the screen shows another one
   */
  async prove(at: ProvenAt): Promise<Site> {
    const { card, identity } = this.#options;
    const [code, before] = this.#display?.usable ?? [card.code];
    if (code === undefined) throw new UsherError('CLAIM_CODE_AWAITED', { id: shortIdOf(identity.deviceId) });
    try {
      const caPem = await this.#proveOneOf(at, code, before);
      this.#display?.renew();
      return { urls: [...new Set([at.origin, ...this.urls])], caPem, issuedAt: this.issuedAt };
    } catch (error) {
      if (isRefusal(error, 'CLAIM_CODE_WRONG', 'CLAIM_CODE_LOCKED')) this.#display?.renew();
      throw error;
    }
  }

  close(): void {
    this.#display?.close();
  }

  async #proveOneOf(at: ProvenAt, code: Secret, before: Secret | undefined): Promise<string> {
    const { identity } = this.#options;
    try {
      return await proveClaimCode({ ...at, identity, code, more: before !== undefined });
    } catch (error) {
      if (before === undefined || !isRefusal(error, 'CLAIM_CODE_WRONG')) throw error;
      return await proveClaimCode({ ...at, identity, code: before, more: false });
    }
  }
}

function isRefusal(error: unknown, ...codes: ErrorCode[]): boolean {
  const refusal = isUsherError(error) ? refusalCodeOf(error) : undefined;
  return codes.some((code) => code === refusal);
}

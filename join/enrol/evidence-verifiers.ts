import type { TLSSocket } from 'node:tls';
import { Secret } from '../../foundation/secret.ts';
import type { DeviceEvidence } from '../../k8s/core/resources.ts';
import type { EnrolTokens, ProvenDevice } from '../core/ports.ts';
import type { Evidence } from '../protocol/messages.ts';

/** What a verifier may use beside the evidence itself. */
export interface EvidenceContext {
  device: ProvenDevice;
  /** The connection: a proof that takes two requests keeps its state on it, and binds itself to its exporter. */
  socket: TLSSocket;
}

/** Looks at evidence of one type. Gives undefined when it shows nothing. */
export type EvidenceVerifier<T extends Evidence['type']> = (
  evidence: Extract<Evidence, { type: T }>,
  context: EvidenceContext,
) => Promise<DeviceEvidence | undefined>;

/** One verifier for each type of evidence that the protocol knows; the compiler asks for a new type's. */
export type EvidenceVerifiers = { readonly [T in Evidence['type']]: EvidenceVerifier<T> };

/** Verifiers of tokens, and of no evidence at all. */
export function evidenceVerifiers(tokens: EnrolTokens): EvidenceVerifiers {
  return {
    token: ({ token }, { device }) => tokens.redeem(new Secret(token), device.deviceId),
    // It is shown by the proof of a code (claim-proofs.ts), not by a hello.
    code: () => Promise.resolve(undefined),
    none: () => Promise.resolve(undefined),
  };
}

/** Calls the verifier that belongs to the evidence's type. */
export function verifyEvidence<T extends Evidence['type']>(
  verifiers: EvidenceVerifiers,
  evidence: Extract<Evidence, { type: T }> & { type: T },
  context: EvidenceContext,
): Promise<DeviceEvidence | undefined> {
  return verifiers[evidence.type](evidence, context);
}

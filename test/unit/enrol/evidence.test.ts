import { describe, expect, it } from 'vitest';
import { isSufficient, isVerified } from '../../../join/core/evidence.ts';
import type { ClaimMatch, EvidenceKind } from '../../../k8s/core/resources.ts';

const DEVICE: ClaimMatch = { device: 'k4t7m' };
const FINGERPRINT: ClaimMatch = { keyFingerprint: 'ab' };
const WEAK: ClaimMatch[] = [{ serial: '10000000abcdef01' }, { mac: 'b8:27:eb:00:00:01' }, { duid: '42' }];

describe('isSufficient', () => {
  const verified: EvidenceKind[] = ['CardToken', 'BatchToken', 'ClaimCode', 'Key'];

  it.each(verified)('%s with a claim that names the key', (kind) => {
    for (const match of [DEVICE, FINGERPRINT]) {
      expect(isSufficient({ evidence: { kind }, match, isUnique: true })).toBe(true);
      expect(isSufficient({ evidence: { kind }, match, isUnique: false })).toBe(true);
    }
  });

  it.each(verified)('%s with a serial, MAC or duid only while one device carries it', (kind) => {
    for (const match of WEAK) {
      expect(isSufficient({ evidence: { kind }, match, isUnique: true })).toBe(true);
      expect(isSufficient({ evidence: { kind }, match, isUnique: false })).toBe(false);
    }
  });

  it('never approves a device that showed nothing', () => {
    for (const match of [DEVICE, FINGERPRINT, ...WEAK]) {
      expect(isSufficient({ evidence: { kind: 'None' }, match, isUnique: true })).toBe(false);
    }
    expect(isVerified({ kind: 'None' })).toBe(false);
  });

  it('never approves by a claim that names nothing', () => {
    expect(isSufficient({ evidence: { kind: 'CardToken' }, match: {}, isUnique: true })).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proveClaimCode } from '../../../bootstrap-image/agent/adapters/claim-proof.ts';
import { makeIdentity, type DeviceIdentity } from '../../../bootstrap-image/agent/adapters/device-key.ts';
import { isUsherError } from '../../../foundation/errors.ts';
import { Secret } from '../../../foundation/secret.ts';
import { systemRandom } from '../../../foundation/random.ts';
import { ClaimCodes, CODE_LIFE_MS, deviceOfCode } from '../../../join/enrol/claim-codes.ts';
import type { DeviceHello } from '../../../join/protocol/messages.ts';
import { device as deviceObject } from '../../support/api-fixture.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { TestDevice } from '../../support/test-device.ts';

const CODE = new Secret('K7QF2M9XTR4C8WHD');
const WRONG = new Secret('AAAAAAAAAAAAAAAA');
const NONCE = 'n'.repeat(24);

let clock: ManualClock;
let site: EnrolSite;

beforeEach(async () => {
  clock = new ManualClock();
  site = await EnrolSite.start({ claimProofs: { uses: 50, perSec: 1 } }, clock);
});
afterEach(() => site.close());

const helloOf = (id: string): DeviceHello => ({
  ...{ v: 1, id, agent: '1.0.0', bootId: 'boot-1', evidence: { type: 'code' } },
  hw: { macs: [], arch: 'arm64' },
});

/** `proven`, or the code of what came of it. */
async function prove(identity: DeviceIdentity, code: Secret, more = false, to = site): Promise<string> {
  const origin = `https://127.0.0.1:${String(to.server.port)}`;
  const hello = helloOf(identity.deviceId);
  try {
    const pin = await proveClaimCode({ origin, caPem: undefined, identity, code, hello, more });
    return pin === to.authority.caPem ? 'proven' : 'another CA';
  } catch (error) {
    if (!isUsherError(error)) throw error;
    return String(error.params['refusal'] ?? error.code);
  }
}

describe('the proof of a claim code', () => {
  it('is taken once, and admits the device with what its hello said', async () => {
    const pi = makeIdentity();
    await site.claimCodes.enter(pi.deviceId, CODE);
    expect(await prove(pi, CODE)).toBe('proven');
    expect(site.desk.admissions).toMatchObject([
      { device: { deviceId: pi.deviceId }, evidence: { kind: 'ClaimCode' } },
    ]);
    expect(await prove(pi, CODE)).toBe('CLAIM_CODE_AWAITED');
  });

  it('needs a code that was entered for just this key', async () => {
    const [pi, other] = [makeIdentity(), makeIdentity()];
    expect(await prove(pi, CODE)).toBe('CLAIM_CODE_AWAITED');
    await site.claimCodes.enter(pi.deviceId, CODE);
    expect(await prove(other, CODE)).toBe('CLAIM_CODE_AWAITED');
  });

  it('leaves a code alive when the device could not be admitted', async () => {
    const pi = makeIdentity();
    await site.claimCodes.enter(pi.deviceId, CODE);
    const away = vi.spyOn(site.desk, 'admit').mockRejectedValueOnce(new TypeError('the API server is away'));
    expect(await prove(pi, CODE)).toBe('INTERNAL');
    expect(away).toHaveBeenCalledOnce();
    expect(await prove(pi, CODE)).toBe('proven');
  });

  it('lets in the first of two devices for which it was entered, and no other', async () => {
    const [pi, other] = [makeIdentity(), makeIdentity()];
    for (const { deviceId } of [pi, other]) await site.claimCodes.enter(deviceId, CODE);
    // At the same moment: the second one's proof comes while the first one is being admitted.
    const late: { outcome?: Promise<string> } = {};
    const admit = vi.spyOn(site.desk, 'admit').mockImplementationOnce(async (device, evidence) => {
      late.outcome = prove(other, CODE);
      expect(await late.outcome).toBe('CLAIM_CODE_USED');
      await site.desk.admit(device, evidence);
    });
    expect(await prove(pi, CODE)).toBe('proven');
    expect(admit.mock.calls.map(([{ deviceId }]) => deviceId)).toEqual([pi.deviceId, pi.deviceId]);
    expect(site.claimCodes.standingOf(other.deviceId)).toMatchObject({
      state: 'refused',
      failure: { code: 'CLAIM_CODE_USED' },
    });
  });

  it('stays used after a restart: its hash is in the evidence of the device, and the code is not', async () => {
    const [pi, other] = [makeIdentity(), makeIdentity()];
    await site.claimCodes.enter(pi.deviceId, CODE);
    expect(await prove(pi, CODE)).toBe('proven');
    const devices = site.desk.admissions.map(({ device: { deviceId }, evidence }) =>
      deviceObject(deviceId, {}, { evidence }),
    );
    expect(JSON.stringify(devices)).not.toContain(CODE.reveal());
    const usedBy = (fingerprint: string): string | undefined => deviceOfCode(devices, fingerprint);
    const restarted = new ClaimCodes({ clock, random: systemRandom, usedBy });
    await expect(restarted.enter(other.deviceId, CODE)).rejects.toMatchObject({ code: 'CLAIM_CODE_USED' });
    await restarted.enter(pi.deviceId, CODE);
    await restarted.enter(other.deviceId, WRONG);
    restarted.close();
  });

  it('is waited for as long as the device has a further code, and locked after five wrong ones', async () => {
    const pi = makeIdentity();
    await site.claimCodes.enter(pi.deviceId, CODE);
    for (let attempt = 1; attempt <= 4; attempt += 1) expect(await prove(pi, WRONG, true)).toBe('CLAIM_CODE_WRONG');
    expect(site.claimCodes.standingOf(pi.deviceId)?.state).toBe('waiting');
    expect(await prove(pi, WRONG, true)).toBe('CLAIM_CODE_LOCKED');
    expect(await prove(pi, CODE)).toBe('CLAIM_CODE_AWAITED');
    const again = (): Promise<unknown> => site.claimCodes.enter(pi.deviceId, CODE);
    await expect(again()).rejects.toMatchObject({ code: 'CLAIM_CODE_LOCKED' });
    clock.advance(15 * 60_000);
    await again();
    expect(await prove(pi, CODE)).toBe('proven');
  });

  it('counts the tries of one code together, however often it is entered', async () => {
    const pi = makeIdentity();
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await site.claimCodes.enter(pi.deviceId, CODE);
      expect(await prove(pi, WRONG)).toBe('CLAIM_CODE_WRONG');
    }
    await site.claimCodes.enter(pi.deviceId, CODE);
    expect(await prove(pi, WRONG)).toBe('CLAIM_CODE_LOCKED');
  });

  it('may be tried twenty times an hour from one address', async () => {
    const pi = makeIdentity();
    for (let attempt = 1; attempt <= 20; attempt += 1) expect(await prove(pi, CODE)).toBe('CLAIM_CODE_AWAITED');
    expect(await prove(pi, CODE)).toBe('RATE_LIMITED');
    clock.advance(3 * 60_000);
    expect(await prove(pi, CODE)).toBe('CLAIM_CODE_AWAITED');
  });

  it('may be tried five times a second in all', async () => {
    const strict = await EnrolSite.start({ claimProofsPerIp: { uses: 100, perSec: 1 } }, clock);
    const outcomes: string[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) outcomes.push(await prove(makeIdentity(), CODE, false, strict));
    expect(outcomes).toEqual([...Array.from({ length: 5 }, () => 'CLAIM_CODE_AWAITED'), 'RATE_LIMITED']);
    await strict.close();
  });
});

describe('an exchange that does not keep the rules', () => {
  let device: TestDevice;
  const first = async (data: string, hello = helloOf(device.deviceId)): Promise<[number, string]> => {
    const reply = await device.post('claim/first', { v: 1, data, hello });
    const { error } = reply.json() as { error?: { code: string } };
    return [reply.status, error?.code ?? 'challenged'];
  };
  const good = (): string => `p=tls-exporter,,n=${device.deviceId},r=${NONCE}`;

  beforeEach(async () => {
    device = await site.newDevice();
    await site.claimCodes.enter(device.deviceId, CODE);
  });

  it.each([
    ['no channel binding', () => `n,,n=${device.deviceId},r=${NONCE}`, 'CLAIM_PROOF_INVALID'],
    [
      'channel binding that the client only could do',
      () => `y,,n=${device.deviceId},r=${NONCE}`,
      'CLAIM_PROOF_INVALID',
    ],
    ['channel binding of another kind', () => `p=tls-unique,,n=${device.deviceId},r=${NONCE}`, 'CLAIM_PROOF_INVALID'],
    ['nonsense', () => 'let me in', 'CLAIM_PROOF_INVALID'],
    [
      'the name of another device',
      () => `p=tls-exporter,,n=qk4t7m00000000000000000000,r=${NONCE}`,
      'DEVICE_ID_MISMATCH',
    ],
  ])('begins with %s', async (_what, data, code) => {
    expect((await first(data()))[1]).toBe(code);
  });

  it('speaks for one device with the hello of another', async () => {
    expect(await first(good(), helloOf('qk4t7m00000000000000000000'))).toEqual([403, 'DEVICE_ID_MISMATCH']);
  });

  it('uses a connection twice', async () => {
    expect(await first(good())).toEqual([200, 'challenged']);
    expect(await first(good())).toEqual([400, 'CLAIM_PROOF_INVALID']);
  });

  it('ends without having begun', async () => {
    const reply = await device.post('claim/final', { v: 1, data: 'c=biws,r=nnnnnnnn,p=AAAA' });
    expect(reply.json()).toMatchObject({ error: { code: 'CLAIM_PROOF_INVALID' } });
  });

  it('takes longer than ten seconds', async () => {
    await first(good());
    clock.advance(10_001);
    const reply = await device.post('claim/final', { v: 1, data: 'c=biws,r=nnnnnnnn,p=AAAA' });
    expect(reply.json()).toMatchObject({ error: { code: 'CLAIM_PROOF_INVALID' } });
    expect(site.claimCodes.standingOf(device.deviceId)?.state).toBe('waiting');
  });
});

describe('codes that were entered', () => {
  const newCodes = (): ClaimCodes => new ClaimCodes({ clock, random: systemRandom });

  it('are forgotten after fifteen minutes', async () => {
    const codes = newCodes();
    await codes.enter('a', CODE);
    clock.advance(CODE_LIFE_MS);
    expect(codes.standingOf('a')).toBeUndefined();
  });

  it('are bounded, the oldest going first', async () => {
    const codes = new ClaimCodes({ clock, random: systemRandom, most: 2 });
    for (const id of ['a', 'b', 'c']) await codes.enter(id, CODE);
    expect(['a', 'b', 'c'].map((id) => codes.standingOf(id)?.state)).toEqual([undefined, 'waiting', 'waiting']);
    codes.close();
  });

  it('are not kept as they are', async () => {
    const codes = newCodes();
    await codes.enter('a', CODE);
    expect(JSON.stringify(codes.challengeOf('a'))).not.toContain(CODE.reveal());
    codes.close();
  });
});

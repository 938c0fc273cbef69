import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { KubeEnrolTokens } from '../../../join/enrol/tokens.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { TestDevice, TestReply } from '../../support/test-device.ts';

const DAY_MS = 86_400_000;

function setUp(): { kube: FakeKube; clock: ManualClock; tokens: KubeEnrolTokens } {
  const kube = new FakeKube();
  const clock = new ManualClock();
  return { kube, clock, tokens: new KubeEnrolTokens({ kube, clock, random: systemRandom }) };
}

describe('a token that counts no more by itself', () => {
  it('is accepted for a device that takes the place of one that used it, once', async () => {
    const { kube, tokens } = setUp();
    const { token, view } = await tokens.create({ kind: 'card' });
    await tokens.redeem(token, 'old');
    await expect(tokens.redeem(token, 'new')).rejects.toMatchObject({ code: 'TOKEN_USED', params: { usedBy: 'old' } });
    await expect(tokens.accept(view.tokenId, 'new', ['another'])).rejects.toMatchObject({ code: 'TOKEN_USED' });
    await expect(tokens.accept(view.tokenId, 'new', [])).rejects.toMatchObject({ code: 'TOKEN_USED' });
    const evidence = await tokens.accept(view.tokenId, 'new', ['old']);
    expect(evidence).toMatchObject({ kind: 'CardToken', tokenId: view.tokenId });
    expect(await tokens.list()).toMatchObject([{ state: 'used', usesLeft: 0, boundTo: ['old', 'new'] }]);
    const writes = kube.writes().length;
    expect([await tokens.redeem(token, 'new'), await tokens.accept(view.tokenId, 'new', ['old'])]).toEqual([
      evidence,
      evidence,
    ]);
    expect(kube.writes()).toHaveLength(writes);
  });

  it('is accepted when it expired on the card of a replacement, not when a batch of cards has it', async () => {
    const { clock, tokens } = setUp();
    const card = await tokens.create({ kind: 'card' });
    const batch = await tokens.create({ kind: 'batch', uses: 9 });
    clock.advance(100 * DAY_MS);
    await expect(tokens.redeem(card.token, 'new')).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
      params: { usedBy: '' },
    });
    expect(await tokens.accept(card.view.tokenId, 'new', ['any'])).toMatchObject({ kind: 'CardToken' });
    await expect(tokens.accept(batch.view.tokenId, 'new', ['any'])).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('is never accepted when it was revoked, or is not known', async () => {
    const { tokens } = setUp();
    const { token, view } = await tokens.create({ kind: 'card' });
    await tokens.redeem(token, 'old');
    const told: string[] = [];
    tokens.onRevoked((tokenId) => told.push(tokenId));
    await tokens.revoke(view.tokenId);
    expect(told).toEqual([view.tokenId]);
    await expect(tokens.accept(view.tokenId, 'new', ['old'])).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
    await expect(tokens.accept('0000000000', 'new', ['old'])).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
  });

  it('names at most four of those that used it', async () => {
    const { tokens } = setUp();
    const { token } = await tokens.create({ kind: 'batch', uses: 6 });
    for (let i = 0; i < 6; i += 1) await tokens.redeem(new Secret(token.reveal()), `d${String(i)}`);
    await expect(tokens.redeem(token, 'new')).rejects.toMatchObject({ params: { usedBy: 'd5, d4, d3, d2' } });
  });
});

describe('a device that shows a used token', () => {
  let site: EnrolSite;
  beforeEach(async () => {
    site = await EnrolSite.start();
  });
  afterEach(() => site.close());
  const sayHello = (device: TestDevice, token: string): Promise<TestReply> =>
    device.post('hello', device.hello({ type: 'token', token }));

  async function refused(): Promise<{ old: TestDevice; device: TestDevice; token: string }> {
    const token = (await site.tokens.create({ kind: 'card' })).token.reveal();
    const [old, device] = [await site.newDevice(), await site.newDevice()];
    await sayHello(old, token);
    expect((await sayHello(device, token)).status).toBe(403);
    return { old, device, token };
  }

  it('is remembered with what it proved, and without the token', async () => {
    const { old, device, token } = await refused();
    const candidate = site.candidates.get(device.deviceId);
    expect(candidate?.provenToken).toEqual({ tokenId: token.split('.')[1], boundTo: [old.deviceId] });
    expect(JSON.stringify(candidate)).not.toContain(token.split('.')[2]);
  });

  it('is admitted at once when the replacement is confirmed, without another hello', async () => {
    const { old, device } = await refused();
    site.desk.replacements.set(device.deviceId, [old.deviceId]);
    site.desk.tell(device.deviceId);
    await expect.poll(() => site.desk.admissions.length).toBe(2);
    expect(site.desk.admissions[1]).toMatchObject({
      device: { deviceId: device.deviceId },
      evidence: { kind: 'CardToken' },
    });
    expect(site.candidates.list()).toEqual([]);
  });

  it('is admitted at its next hello when nobody remembers it', async () => {
    const { old, device, token } = await refused();
    site.candidates.forget(device.deviceId);
    site.desk.replacements.set(device.deviceId, [old.deviceId]);
    expect((await sayHello(device, token)).json()).toMatchObject({ state: 'verified' });
  });

  it('stays out when it is to replace somebody else', async () => {
    const { device, token } = await refused();
    site.desk.replacements.set(device.deviceId, ['somebody else']);
    expect((await sayHello(device, token)).status).toBe(403);
    expect(site.desk.admissions).toHaveLength(1);
  });
});

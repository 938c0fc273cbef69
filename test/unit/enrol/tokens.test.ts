import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../foundation/random.ts';
import { Secret } from '../../../foundation/secret.ts';
import { KubeEnrolTokens } from '../../../join/enrol/tokens.ts';
import { ENROL_TOKEN_PATTERN } from '../../../join/protocol/messages.ts';
import { SECRET } from '../../../k8s/core/resources.ts';
import { FakeKube } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const DAY_MS = 86_400_000;

function setUp(): { kube: FakeKube; clock: ManualClock; tokens: KubeEnrolTokens; rival: KubeEnrolTokens } {
  const kube = new FakeKube();
  const clock = new ManualClock();
  const make = (): KubeEnrolTokens => new KubeEnrolTokens({ kube, clock, random: systemRandom });
  return { kube, clock, tokens: make(), rival: make() };
}

/** Codes of what failed, and `ok` for what did not. */
async function outcomes(all: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(all);
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : (one.reason as { code: string }).code)).sort();
}

describe('enrol tokens', () => {
  it('keep only the hash of the secret', async () => {
    const { kube, tokens } = setUp();
    const { view, token } = await tokens.create({ kind: 'card', note: 'green\u001b[31mhouse' });
    const [, tokenId, secret] = ENROL_TOKEN_PATTERN.exec(token.reveal()) ?? [];
    expect(view).toMatchObject({ tokenId, kind: 'card', usesLeft: 1, state: 'usable', note: 'green[31mhouse' });
    const [stored] = await kube.list(SECRET);
    const plain = Object.values(stored?.data ?? {}).map((data) => Buffer.from(data, 'base64').toString());
    expect(JSON.stringify([stored, plain])).not.toContain(secret);
    expect(stored?.metadata).toMatchObject({ name: `enrol-token-${tokenId ?? ''}`, namespace: 'usher-system' });
  });

  it('are spent by one key; the same key again is no event', async () => {
    const { kube, clock, tokens } = setUp();
    const { token, view } = await tokens.create({ kind: 'card' });
    const first = await tokens.redeem(token, 'device-a');
    expect(first).toEqual({ kind: 'CardToken', tokenId: view.tokenId, verifiedAt: '2026-01-01T00:00:00.000Z' });
    const writes = kube.writes().length;
    clock.advance(DAY_MS);
    expect(await tokens.redeem(token, 'device-a')).toEqual(first);
    await expect(tokens.redeem(token, 'device-b')).rejects.toMatchObject({ code: 'TOKEN_USED' });
    expect(kube.writes()).toHaveLength(writes);
    expect(await tokens.list()).toMatchObject([{ state: 'used', boundTo: ['device-a'] }]);
  });

  it.each([
    ['another secret', (token: string) => token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'), 'TOKEN_UNKNOWN'],
    ['another id', (token: string) => `ush1.0000000000.${token.slice(-26)}`, 'TOKEN_UNKNOWN'],
    ['not a token', () => 'ush1.x.y', 'TOKEN_UNKNOWN'],
  ])('are refused with %s', async (_name, forge, code) => {
    const { tokens } = setUp();
    const { token } = await tokens.create({ kind: 'card' });
    await expect(tokens.redeem(new Secret(forge(token.reveal())), 'device-a')).rejects.toMatchObject({ code });
    expect(await tokens.redeem(token, 'device-a')).toMatchObject({ kind: 'CardToken' });
  });

  it('expire to the second, cards after 90 days and batches after 7', async () => {
    const { clock, tokens } = setUp();
    const card = await tokens.create({ kind: 'card' });
    const batch = await tokens.create({ kind: 'batch', uses: 2 });
    clock.advance(7 * DAY_MS - 1);
    expect(await tokens.redeem(batch.token, 'device-a')).toMatchObject({ kind: 'BatchToken' });
    clock.advance(1);
    await expect(tokens.redeem(batch.token, 'device-b')).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(await tokens.redeem(batch.token, 'device-a')).toMatchObject({ kind: 'BatchToken' });
    clock.advance(83 * DAY_MS);
    await expect(tokens.redeem(card.token, 'device-c')).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect((await tokens.list()).map(({ state }) => state)).toEqual(['expired', 'expired']);
  });

  it('say that another device was faster even after they expired', async () => {
    const { clock, tokens } = setUp();
    const { token } = await tokens.create({ kind: 'card' });
    await tokens.redeem(token, 'impostor');
    clock.advance(91 * DAY_MS);
    await expect(tokens.redeem(token, 'the real one')).rejects.toMatchObject({ code: 'TOKEN_USED' });
  });

  it('can be revoked, for keys that used them too', async () => {
    const { tokens } = setUp();
    const { token, view } = await tokens.create({ kind: 'batch', uses: 5 });
    await tokens.redeem(token, 'device-a');
    await tokens.revoke(view.tokenId);
    expect(await outcomes([tokens.redeem(token, 'device-a'), tokens.redeem(token, 'device-b')])).toEqual([
      'TOKEN_REVOKED',
      'TOKEN_REVOKED',
    ]);
    await expect(tokens.revoke('0000000000')).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
  });

  it('give out each use once among fifty devices and two appliances', async () => {
    const { kube, tokens, rival } = setUp();
    kube.before = async () => {
      await Promise.resolve();
    };
    const { token, view } = await tokens.create({ kind: 'batch', uses: 20 });
    const asked = Array.from({ length: 50 }, (_, i) =>
      (i % 2 === 0 ? tokens : rival).redeem(token, `device-${String(i)}`),
    );
    const all = await outcomes(asked);
    expect(all.filter((one) => one === 'ok')).toHaveLength(20);
    expect(all.filter((one) => one === 'TOKEN_USED')).toHaveLength(30);
    const [after] = await tokens.list();
    expect(after).toMatchObject({ tokenId: view.tokenId, usesLeft: 0 });
    expect(new Set(after?.boundTo).size).toBe(20);
  });

  it('are not spent twice by a device whose answer was lost in a crash', async () => {
    const { kube, tokens, rival } = setUp();
    const { token } = await tokens.create({ kind: 'card' });
    kube.after = ({ verb }) => (verb === 'replace' ? Promise.reject(new TypeError('killed')) : undefined);
    await expect(tokens.redeem(token, 'device-a')).rejects.toThrow('killed');
    kube.after = () => undefined;
    expect(await rival.redeem(token, 'device-a')).toMatchObject({ kind: 'CardToken' });
    await expect(rival.redeem(token, 'device-b')).rejects.toMatchObject({ code: 'TOKEN_USED' });
  });

  it('give up after a bounded number of conflicts', async () => {
    const { kube, tokens } = setUp();
    const { token } = await tokens.create({ kind: 'card' });
    kube.failNext('replace', 'KUBE_CONFLICT', { times: 1000 });
    await expect(tokens.redeem(token, 'device-a')).rejects.toMatchObject({ code: 'KUBE_CONFLICT' });
    expect(kube.writes().filter(({ verb }) => verb === 'replace').length).toBeLessThan(10);
  });

  it.each([{ uses: 0 }, { uses: 1.5 }, { uses: 1_000_000 }, { expiresInSec: -1 }])(
    'cannot be made with %j',
    async (bad) => {
      await expect(setUp().tokens.create({ kind: 'batch', ...bad })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    },
  );
});

import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../../foundation/random.ts';
import { KubeEnrolTokens } from '../../../join/enrol/tokens.ts';
import { JoinSite, Pi, settle, stateOf } from './join-site.ts';

async function siteWithToken(): Promise<{ site: JoinSite; tokens: KubeEnrolTokens; pi: Pi; tokenId: string }> {
  const site = await JoinSite.create();
  const tokens = new KubeEnrolTokens({ kube: site.kube, clock: site.clock, random: systemRandom });
  const { view, token } = await tokens.create({ kind: 'card' });
  const pi = new Pi(site, 's1', { kind: 'CardToken', tokenId: view.tokenId });
  await tokens.redeem(token, pi.id);
  await site.claim('lathe-left', { match: { serial: 's1' } });
  return { site, tokens, pi, tokenId: view.tokenId };
}

const held = {
  phase: 'Pending',
  join: { state: 'pending' },
  failure: { code: 'TOKEN_REVOKED' },
};

describe('revoking an enrol token', () => {
  it('withdraws the evidence of a device that has not joined, ticket and all', async () => {
    const { site, pi, tokenId } = await siteWithToken();
    await pi.hello();
    await pi.askTicket();
    expect(await stateOf(site, pi)).toBe('joining');
    await site.tokensOfAppliance?.revoke(tokenId);
    await settle();
    expect((await site.device(pi.id)).status).toMatchObject(held);
    expect([await site.tokens(), await site.listedNames(), await site.passwords()]).toEqual([[], ['master'], []]);
    expect(site.desk.statusOf(pi.id)).toMatchObject({ state: 'pending', reason: { code: 'TOKEN_REVOKED' } });
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Waiting');
  });

  it.each([
    [
      'not running',
      async (site: JoinSite): Promise<void> => {
        await site.start();
      },
    ],
    // The first write of the new process withdraws.
    [
      'killed meanwhile',
      async (site: JoinSite) => {
        await site.start({ write: 1, moment: 'after' });
        await site.start();
      },
    ],
  ])('does so when the appliance was %s', async (_, restart) => {
    const { site, tokens, pi, tokenId } = await siteWithToken();
    await pi.hello();
    site.kill();
    await tokens.revoke(tokenId);
    await restart(site);
    expect((await site.device(pi.id)).status).toMatchObject(held);
  });

  it('lets it go on with another token', async () => {
    const { site, pi, tokenId } = await siteWithToken();
    await pi.hello();
    await site.tokensOfAppliance?.revoke(tokenId);
    await settle();
    await site.ask((desk) => desk.admit(pi.proven, { kind: 'BatchToken', tokenId: 'another' }));
    await settle();
    const device = await site.device(pi.id);
    expect(device.spec.evidence).toEqual({ kind: 'BatchToken', tokenId: 'another' });
    expect(device.status).toMatchObject({ phase: 'Approved' });
    expect(device.status).not.toHaveProperty('failure');
  });

  it('touches no device that has joined', async () => {
    const { site, pi, tokenId } = await siteWithToken();
    await pi.hello();
    await pi.live();
    await site.tokensOfAppliance?.revoke(tokenId);
    await settle();
    expect(await stateOf(site, pi)).toBe('ready');
    expect((await site.device(pi.id)).spec.evidence).not.toHaveProperty('withdrawnAt');
  });
});

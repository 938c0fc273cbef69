import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PEOPLE_LABEL } from '../../api/server/people/secret-book.ts';
import type { Role } from '../../api/core/schemas.ts';
import { SECRET, USHER_NAMESPACE } from '../../k8s/core/resources.ts';
import { runs } from '../support/full-run.ts';
import { APPLIANCE, killOnMaster } from './support/kill-on-master.ts';
import { usher } from './support/operator-ways.ts';
import {
  claimOnPage,
  deviceOf,
  eventually,
  isNodeReady,
  type PageReply,
  type PageSession,
  type RunningSite,
  signInAsPage,
  startRunningSite,
} from './support/running-site.ts';

const READY_MS = 90_000;
const KILLS = runs(1, 5);
const ANNA = { name: 'anna', password: 'copper-lantern-walks-slowly' };
const CARL = { name: 'carl', password: 'seven herons above the mill' };
const VERA = { name: 'vera', password: 'quiet marble under the stairs' };

describe('the people of a site, and what is noted of them', () => {
  let running: RunningSite;
  let anna: PageSession;
  let vera: PageSession;

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'people', pis: 1, respawn: true });
  });
  afterAll(async () => {
    await running.stop();
  });

  const outcome = ({ status, body }: PageReply): unknown => {
    const { error } = (body ?? {}) as { error?: { code: string } };
    return error?.code ?? status;
  };
  /** Who did what with which outcome, oldest first. */
  const noted = async (): Promise<string[]> => {
    const { items } = await running.client.people.audit({ limit: 1000 });
    return items
      .toReversed()
      .map(({ actor, action, target, result, code }) =>
        [`${actor.type} ${actor.id}`, action, target ?? '', code ?? result].join(', '),
      );
  };
  const verified = (): Promise<unknown> => running.client.people.verifyAudit();

  it('are an admin whom the console made, and those whom that admin made', async () => {
    const console = await signInAsPage(running);
    expect(outcome(await console('POST', '/api/v1/users', { ...ANNA, role: 'admin' satisfies Role }))).toBe(201);
    anna = await signInAsPage(running, ANNA);
    expect(outcome(await anna('POST', '/api/v1/users', { ...CARL, role: 'claimer' satisfies Role }))).toBe(201);
    expect(outcome(await anna('POST', '/api/v1/users', { ...VERA, role: 'viewer' satisfies Role }))).toBe(201);
    const kept = await running.kube.list(SECRET, {
      namespace: USHER_NAMESPACE,
      labelSelector: `${PEOPLE_LABEL}=user`,
    });
    expect(kept.map(({ metadata }) => metadata.name).sort()).toEqual([
      'usher-user-anna',
      'usher-user-carl',
      'usher-user-vera',
    ]);
  });

  it('do what their role allows, and nothing else', { timeout: 180_000 }, async () => {
    const { id } = await deviceOf(running, 'pi-1');
    await eventually('evidence', READY_MS, async () => (await running.client.device(id)).claimable);
    vera = await signInAsPage(running, VERA);
    const carl = await signInAsPage(running, CARL);
    const claim = { name: 'lathe', device: id, labels: { machine: 'lathe' } };
    const revoke = (by: PageSession): Promise<PageReply> =>
      by('POST', `/api/v1/devices/${id}/decision`, { decision: 'Revoked' });
    expect(outcome(await claimOnPage(vera, claim))).toBe('ROLE_NEEDED');
    expect(outcome(await claimOnPage(carl, claim))).toBe(201);
    await eventually('the node', READY_MS, () => isNodeReady(running, 'lathe'));
    expect(outcome(await carl('GET', '/api/v1/users'))).toBe('ROLE_NEEDED');
    expect(outcome(await revoke(carl))).toBe('ROLE_NEEDED');
    expect(outcome(await revoke(anna))).toBe(200);
    await eventually('the node to go', READY_MS, async () => !(await isNodeReady(running, 'lathe')));
    const all = await noted();
    const inOrder = [
      'console console, createUser, anna, ok',
      'user anna, signIn, anna, ok',
      'user anna, createUser, carl, ok',
      'user vera, createClaim, lathe, ROLE_NEEDED',
      'user carl, createClaim, lathe, ok',
      `user carl, decideDevice, ${id}, ROLE_NEEDED`,
      `user anna, decideDevice, ${id}, ok`,
    ];
    expect(all.filter((line) => inOrder.includes(line))).toEqual(inOrder);
    expect(await verified()).toMatchObject({ intact: true, problems: [] });
  });

  it(`stay noted when the appliance is killed in the middle of changes`, { timeout: 120_000 * KILLS }, async () => {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = await noted();
      const changes = changeUntilGone();
      await eventually('changes', 10_000, async () => (await noted()).length > before.length + 20);
      await killOnMaster(running, APPLIANCE);
      await changes;
      await eventually('the appliance', READY_MS, async () => (await running.client.site()).kubernetes.ready);
      expect((await noted()).slice(0, before.length)).toEqual(before);
      await eventually('the anchor to follow', 10_000, async () => {
        const { head, anchor } = await running.client.people.verifyAudit();
        return head?.seq === anchor?.seq;
      });
      expect(await verified()).toMatchObject({ intact: true, problems: [] });
      expect((await usher(running, ['audit', 'verify'])).stdout).toMatch(/intact/);
    }
  });

  it('sign in again afterwards, with what they had', async () => {
    expect(outcome(await vera('GET', '/api/v1/devices'))).toBe('SIGN_IN_NEEDED');
    const again = await signInAsPage(running, VERA);
    expect(outcome(await again('GET', '/api/v1/devices'))).toBe(200);
    expect(outcome(await again('GET', '/api/v1/users'))).toBe('ROLE_NEEDED');
    expect((await running.client.people.users()).map(({ name, role }) => `${name} ${role}`)).toEqual([
      'anna admin',
      'carl claimer',
      'vera viewer',
    ]);
  });

  /** Makes changes one after the other until the appliance does not answer any more. */
  async function changeUntilGone(): Promise<void> {
    for (let number = 1; ; number += 1) {
      const change = running.client.createToken({ kind: 'card', note: `card ${String(number)}` });
      if (
        !(await change.then(
          () => true,
          () => false,
        ))
      )
        return;
    }
  }
});

import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../foundation/error-catalogue.ts';
import { DEVICE, DEVICE_CLAIM, NODE, type Device, type DeviceStatus } from '../../../k8s/core/resources.ts';
import { JoinSite, joinedSite, LABELS, MIN_MS, Pi, settle, stateOf } from './join-site.ts';

const pickHardware = ({ status }: Device): Pick<DeviceStatus, 'hardware'> =>
  status?.hardware === undefined ? {} : { hardware: status.hardware };

describe('the join controller, when the world changes', () => {
  it('keeps the node of a deleted claim and says so, or frees it where the claim said Release', async () => {
    const { site, pi } = await joinedSite();
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    const kept = await site.device(pi.id);
    expect(kept.status?.conditions?.find(({ type }) => type === 'Claimed')).toMatchObject({ reason: 'NodeRetained' });
    expect(kept.status?.join?.state).toBe('ready');
    expect((await site.node('lathe-left'))?.metadata.labels).toEqual(LABELS);
    await site.claim('lathe-left', { match: { serial: 's1' }, reclaimPolicy: 'Release' });
    await settle();
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Joined');
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    expect(await site.node('lathe-left')).toBeUndefined();
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Pending', join: { state: 'pending' } });
    expect(await site.ask((desk) => desk.checkIn(pi.id))).toBe('rejoin');
  });

  it('lets a device whose node was deleted join again', async () => {
    const { site, pi } = await joinedSite();
    expect(await site.ask((desk) => desk.checkIn(pi.id))).toBe('stay');
    await site.kube.delete(NODE, { name: 'lathe-left' });
    await settle();
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Approved', failure: { code: 'NODE_GONE' } });
    expect(await site.ask((desk) => desk.checkIn(pi.id))).toBe('rejoin');
    pi.ticket = undefined;
    await pi.live();
    expect((await site.device(pi.id)).status?.join).toMatchObject({ state: 'ready', attempt: 2 });
  });

  it('revokes: node gone, name retired, device told to stop; and takes it back', async () => {
    const { site, pi } = await joinedSite();
    await site.desk.decide(pi.id, 'Revoked');
    await settle();
    expect(await site.node('lathe-left')).toBeUndefined();
    expect(await site.ask((desk) => desk.checkIn(pi.id))).toBe('stop');
    expect(await pi.askTicket()).toBe('DEVICE_REVOKED');
    const other = new Pi(site, 's1', pi.evidence, 'another card');
    await other.hello();
    await settle();
    expect((await site.claimNamed('lathe-left'))?.status?.conditions?.[0]).toMatchObject({ reason: 'NodeNameTaken' });
    await site.desk.decide(other.id, 'Rejected');
    await site.desk.decide(pi.id, 'Undecided');
    pi.ticket = undefined;
    await pi.live();
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('holds two devices with one serial and offers a newcomer as replacement', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const [one, two] = [new Pi(site, 's1', undefined, 'a'), new Pi(site, 's1', undefined, 'b')];
    await one.hello();
    await two.hello();
    await settle();
    for (const pi of [one, two]) {
      expect((await site.device(pi.id)).status).toMatchObject({
        phase: 'Pending',
        failure: { code: 'SERIAL_CONFLICT' },
      });
      expect(site.desk.statusOf(pi.id)).toMatchObject({ state: 'verified', reason: { code: 'SERIAL_CONFLICT' } });
    }
    expect((await site.claimNamed('lathe-left'))?.status?.phase).toBe('Conflict');
    await site.desk.decide(two.id, 'Rejected');
    await one.live();
    await one.live();
    expect(await stateOf(site, one)).toBe('ready');
    await site.desk.decide(two.id, 'Undecided');
    await settle();
    expect((await site.device(two.id)).status?.failure?.code).toBe('REPLACEMENT_OFFERED');
    expect(await stateOf(site, one)).toBe('ready');
  });

  it('quarantines a key that comes back on another board', async () => {
    const { site, pi } = await joinedSite();
    const moved = new Pi(site, 'other board', pi.evidence, 's1');
    await moved.hello();
    expect((await site.device(pi.id)).status).toMatchObject({
      phase: 'Quarantined',
      failure: { code: 'HARDWARE_CHANGED' },
    });
    expect(await site.node('lathe-left')).toBeDefined();
    await site.pass(1000);
    await site.desk.decide(pi.id, 'Retry');
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('never weakens evidence', async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    await pi.hello();
    await site.ask((desk) => desk.admit(pi.proven, { kind: 'BatchToken', tokenId: 'b' }));
    expect((await site.device(pi.id)).spec.evidence).toEqual({ kind: 'CardToken', tokenId: 'tok1' });
    await site.ask((desk) => desk.admit(new Pi(site, 's2').proven, { kind: 'BatchToken', tokenId: 'b' }));
    await site.ask((desk) => desk.admit(new Pi(site, 's2').proven, { kind: 'Key' }));
    expect((await site.device(new Pi(site, 's2').id)).spec.evidence).toEqual({ kind: 'Key' });
  });

  it('shows what a device reports, and gives up its ticket', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    await site.ask((desk) => desk.report(pi.id, { v: 1, code: 'DISK_FULL', detail: 'no room' }));
    expect((await site.device(pi.id)).status).toMatchObject({
      phase: 'Approved',
      failure: { code: 'DEVICE_REPORTED' },
    });
    await pi.askTicket();
    await site.ask((desk) => desk.report(pi.id, { v: 1, code: 'K3S_EXITED', detail: '' }));
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Failed', failure: { code: 'DEVICE_REPORTED' } });
    expect(await site.tokens()).toEqual([]);
  });

  it('says in a condition, with the remedy, that power or card are bad, and once they are well again', async () => {
    const { site, pi } = await joinedSite();
    const says = async (power: { undervoltage: boolean }): Promise<unknown> => {
      const { hello } = pi.proven;
      const proven = { ...pi.proven, hello: { ...hello, hw: { ...hello.hw, power } } };
      await site.ask((desk) => desk.admit(proven, pi.evidence));
      await settle();
      const { conditions = [], phase } = (await site.device(pi.id)).status ?? {};
      const said = conditions.find(({ type }) => type === 'HardwareHealthy');
      return [phase, said?.status, said?.reason, said?.message];
    };
    expect((await site.device(pi.id)).status?.conditions?.map(({ type }) => type)).not.toContain('HardwareHealthy');
    const { message, remedy } = CATALOGUE.UNDERVOLTAGE;
    expect(await says({ undervoltage: true })).toEqual(['Ready', 'False', 'Undervoltage', `${message}. ${remedy}`]);
    expect(await says({ undervoltage: false })).toEqual(['Ready', 'True', 'NoWarning', expect.any(String)]);
  });

  it('starts over from pending on a state it does not know, and finds its node', async () => {
    const { site, pi } = await joinedSite();
    site.kill();
    const device = await site.device(pi.id);
    const join = { schema: 1, state: 'provisioning', attempt: 1, since: '2026-01-01T00:00:00Z' } as const;
    await site.kube.replaceStatus(DEVICE, { ...device, status: { ...pickHardware(device), join } });
    await site.start();
    expect((await site.device(pi.id)).status).toMatchObject({ phase: 'Ready', nodeRef: { name: 'lathe-left' } });
    expect(site.events).toContainEqual({ reason: 'StateUnknown', type: 'Warning', regarding: pi.id });
  });

  it('forgets a device that nobody claimed and that no longer calls', async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    await pi.hello();
    await site.pass(23 * 60 * MIN_MS);
    site.desk.statusOf(pi.id);
    await site.pass(23 * 60 * MIN_MS);
    expect(site.desk.isAdmitted(pi.id)).toBe(true);
    await site.pass(2 * 60 * MIN_MS);
    expect(site.desk.isAdmitted(pi.id)).toBe(false);
  });

  it('leaves an ignored device aside, whoever is restarted, until an operator takes it back', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    await new Pi(site, 's1').hello();
    await site.desk.decide(new Pi(site, 's1').id, 'Ignored');
    await settle();
    site.kill();
    await site.start();
    const rebooted = new Pi(site, 's1');
    await rebooted.hello();
    await settle();
    expect((await site.device(rebooted.id)).status?.phase).toBe('Ignored');
    expect(await rebooted.askTicket()).toBe('NOT_APPROVED');
    await site.desk.decide(rebooted.id, 'Undecided');
    await settle();
    expect((await site.device(rebooted.id)).status?.phase).toBe('Approved');
  });

  it.each([
    ['a card token', { kind: 'CardToken', tokenId: 'tok1' }],
    ['nothing', { kind: 'None' }],
    ['a code of an appliance that kept no hashes', { kind: 'ClaimCode' }],
  ] as const)('keeps for good which code a device proved that had shown %s before', async (_what, before) => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    const codeFingerprint = 'c'.repeat(64);
    await site.desk.admit(pi.proven, before);
    await site.desk.admit(pi.proven, { kind: 'ClaimCode', codeFingerprint });
    await site.desk.admit(pi.proven, { kind: 'Key' });
    site.kill();
    await site.start();
    await site.desk.admit(pi.proven, { kind: 'None' });
    expect((await site.device(pi.id)).spec.evidence).toMatchObject({
      kind: before.kind === 'None' ? 'ClaimCode' : before.kind,
      codeFingerprint,
    });
  });

  it("keeps an operator's word about a device that showed nothing", async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    const candidate = { ...pi.proven, ip: '192.0.2.9', firstSeenMs: 0, lastSeenMs: 0 };
    await site.desk.decide(pi.id, 'Rejected', candidate);
    expect((await site.device(pi.id)).status?.phase).toBe('Rejected');
    expect(site.desk.statusOf(pi.id).state).toBe('rejected');
    await expect(site.desk.decide('nobody', 'Rejected')).rejects.toMatchObject({ code: 'DEVICE_UNKNOWN' });
  });

  it('sweeps the ticket of a device that was deleted while the appliance was away, and no other name', async () => {
    const site = await JoinSite.create();
    const pis = [new Pi(site, 's1'), new Pi(site, 's2')];
    for (const [i, pi] of pis.entries()) {
      await site.claim(`node-${String(i)}`, { match: { serial: `s${String(i + 1)}` } });
      await pi.hello();
      await pi.askTicket();
    }
    site.kill();
    await site.kube.delete(DEVICE, { name: pis[0]?.id ?? '' });
    await site.start();
    expect(await site.tokens()).toEqual([`bootstrap-token-${pis[1]?.ticket?.ticketId ?? ''}`]);
    expect(await site.listedNames()).toEqual(['master', 'node-1']);
  });

  it('does not undo by a late clean-up what another device is being given', async () => {
    const site = await JoinSite.create();
    const [one, two] = [new Pi(site, 's1'), new Pi(site, 's2')];
    await site.claim('lathe-left', { match: { serial: 's1' } });
    await one.hello();
    await two.hello();
    await one.askTicket();
    const isUnlisting = (call: { verb: string; kind: string }): boolean =>
      call.verb === 'mergePatch' && call.kind === 'ConfigMap';
    let failures = 1;
    site.kube.before = (call) => {
      if (isUnlisting(call) && (failures -= 1) >= 0) throw new TypeError('boom');
    };
    await site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
    await settle();
    await site.claim('other', { match: { serial: 's2' }, nodeName: 'lathe-left' });
    await settle();
    await two.askTicket();
    await site.pass(1000);
    expect(await site.listedNames()).toEqual(['master', 'lathe-left']);
    await two.live();
    expect(await stateOf(site, two)).toBe('ready');
  });
});

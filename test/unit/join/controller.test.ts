import { describe, expect, it } from 'vitest';
import { DEVICE, DEVICE_CLAIM, NODE, SECRET } from '../../../k8s/core/resources.ts';
import { JoinSite, joinedSite, LABELS, MIN_MS, Pi, settle, stateOf } from './join-site.ts';

describe('the join controller', () => {
  it('joins a claimed device and leaves no ticket behind', async () => {
    const { site, pi } = await joinedSite();
    const device = await site.device(pi.id);
    expect(device.status).toMatchObject({
      phase: 'Ready',
      claimRef: { name: 'lathe-left' },
      nodeRef: { name: 'lathe-left' },
      join: { state: 'ready', attempt: 1 },
    });
    expect(device.status?.failure).toBeUndefined();
    const conditions = Object.fromEntries(device.status?.conditions?.map(({ type, status }) => [type, status]) ?? []);
    expect(conditions).toEqual({
      EvidenceVerified: 'True',
      Claimed: 'True',
      Ticketed: 'True',
      NodeReady: 'True',
      Labelled: 'True',
      Ready: 'True',
    });
    expect((await site.node('lathe-left'))?.metadata.labels).toEqual(LABELS);
    expect(await site.tokens()).toEqual([]);
    expect(await site.listedNames()).toEqual(['master']);
    expect((await site.passwords()).length).toBe(1);
    expect((await site.claimNamed('lathe-left'))?.status).toMatchObject({
      phase: 'Joined',
      deviceRef: { name: pi.id },
    });
    expect(site.events.filter(({ regarding }) => regarding === pi.id).map(({ reason }) => reason)).toEqual([
      'Approved',
      'TicketMade',
      'NodeSeen',
      'Ready',
    ]);
    expect(site.kube.handlerErrors).toEqual([]);
  });

  it('writes each status no more often than its state changes', async () => {
    const { site, pi } = await joinedSite();
    const writes = site.kube.writes().filter(({ verb }) => verb === 'replaceStatus');
    // New and approved at once, ticketing, joining, labelling, labels seen, ready.
    expect(writes.filter(({ name }) => name === pi.id).length).toBeLessThanOrEqual(6);
    const before = site.kube.writes().length;
    await site.setNodeReady('lathe-left');
    await pi.hello();
    await site.pass(10 * MIN_MS);
    expect(
      site.kube
        .writes()
        .slice(before)
        .filter(({ name }) => name !== 'lathe-left'),
    ).toEqual([]);
  });

  it('gives the very same ticket when it is asked for again', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    const [one, two] = await Promise.all([pi.askTicket(), pi.askTicket()]);
    site.kill();
    await site.start();
    const three = await pi.askTicket();
    const texts = [one, two, three].map((ticket) =>
      typeof ticket === 'string' ? ticket : [ticket.token.reveal(), ticket.nodePassword.reveal(), ticket.expiresAtMs],
    );
    expect(texts[0]).toHaveLength(3);
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).toEqual(texts[0]);
    expect(await site.tokens()).toHaveLength(1);
    expect(JSON.stringify(one)).not.toContain((texts[0] as [string])[0]);
  });

  it('waits for a claim, refusing a ticket until there is one', async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1', { kind: 'BatchToken', tokenId: 't' });
    await pi.hello();
    expect(await pi.askTicket()).toBe('NOT_APPROVED');
    expect(site.desk.statusOf(pi.id).state).toBe('verified');
    const version = site.desk.statusOf(pi.id).version;
    const heard: string[] = [];
    site.desk.onChange((id) => heard.push(id));
    await site.claim('lathe-left', { match: { device: pi.id } });
    await settle();
    expect(heard).toContain(pi.id);
    expect(site.desk.statusOf(pi.id)).toMatchObject({ state: 'approved', nodeName: 'lathe-left' });
    expect(site.desk.statusOf(pi.id).version).toBeGreaterThan(version);
  });

  it('lets eight join at once and gives a place away after 90 s without a node', async () => {
    const site = await JoinSite.create();
    const pis = Array.from({ length: 9 }, (_, i) => new Pi(site, `s${String(i)}`));
    for (const [i, pi] of pis.entries()) {
      await site.claim(`node-${String(i)}`, { match: { serial: `s${String(i)}` } });
      await pi.hello();
    }
    // Nothing is under way for any of them, so that all ask in the same moment.
    await settle();
    const replies = await Promise.all(pis.map((pi) => pi.askTicket()));
    expect(replies.filter((reply) => reply === 'QUEUE_FULL')).toHaveLength(1);
    const last = pis.find(({ ticket }) => ticket === undefined);
    await site.pass(89_000);
    expect(await last?.askTicket()).toBe('QUEUE_FULL');
    const [first] = pis;
    if (first?.ticket !== undefined) await site.registerNode(first.ticket);
    await settle();
    expect(await last?.askTicket()).toMatchObject({ nodeName: 'node-8' });
    const late = new Pi(site, 'late');
    await site.claim('late', { match: { serial: 'late' } });
    await late.hello();
    expect(await late.askTicket()).toBe('QUEUE_FULL');
    await site.pass(2_000);
    expect(await late.askTicket()).toMatchObject({ nodeName: 'late' });
  });

  it('undoes in reverse what was made of a failed ticket and tries again', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    site.kube.before = (call) => {
      if (call.verb === 'create' && call.name.startsWith('bootstrap-token-')) throw new TypeError('boom');
    };
    const from = site.kube.writes().length;
    expect(await pi.askTicket()).toBe('TICKET_FAILED');
    const made = site.kube
      .writes()
      .slice(from)
      .filter(({ kind }) => kind === 'Secret' || kind === 'ConfigMap');
    expect(made.map(({ verb, kind, name }) => `${verb} ${kind} ${name.replace(/-[a-z0-9]{6}$/, '')}`)).toEqual([
      'create Secret lathe-left.node-password.k3s',
      'mergePatch ConfigMap approved-nodes',
      'create Secret bootstrap-token',
      'delete Secret bootstrap-token',
      'mergePatch ConfigMap approved-nodes',
      'delete Secret lathe-left.node-password.k3s',
    ]);
    expect(await site.listedNames()).toEqual(['master']);
    expect((await site.device(pi.id)).status?.failure).toMatchObject({ code: 'TICKET_FAILED' });
    expect(site.desk.statusOf(pi.id)).toMatchObject({ state: 'held', reason: { code: 'TICKET_FAILED' } });
    site.kube.before = () => undefined;
    await site.pass(11_000);
    await pi.live();
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('gives a ticket that nothing answers up after 30 s', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    site.kube.before = (call) =>
      call.verb === 'create' && call.kind === 'Secret' ? new Promise<void>(() => undefined) : undefined;
    const asked = pi.askTicket();
    await settle();
    await site.pass(30_000);
    expect(await asked).toBe('TICKET_FAILED');
    expect((await site.device(pi.id)).status?.failure?.code).toBe('TICKET_TIMED_OUT');
    expect(await site.tokens()).toEqual([]);
  });

  it('burns a ticket whose node never appears, five times a day at most', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    const tokens = new Set<string>();
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await pi.askTicket();
      tokens.add(pi.ticket?.token.reveal() ?? '');
      await site.pass(6 * MIN_MS);
      expect(await site.tokens()).toEqual([]);
      expect(await site.listedNames()).toEqual(['master']);
      expect(await site.passwords()).toEqual([]);
      if (attempt < 5) expect((await site.device(pi.id)).status?.failure?.code).toBe('NODE_NOT_SEEN');
      await site.pass(5 * MIN_MS);
    }
    expect(tokens.size).toBe(5);
    expect((await site.device(pi.id)).status?.failure?.code).toBe('TOO_MANY_ATTEMPTS');
    await site.desk.decide(pi.id, 'Retry');
    await pi.askTicket();
    await pi.live();
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('takes a foreign node password as a leak: no name listed, device held', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' } });
    const name = { name: 'lathe-left.node-password.k3s', namespace: 'kube-system' };
    await site.kube.create(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: name, data: { hash: 'eA==' } });
    const pi = new Pi(site, 's1');
    await pi.hello();
    const from = site.kube.writes().length;
    await pi.askTicket();
    expect(await stateOf(site, pi)).toBe('quarantined');
    expect((await site.device(pi.id)).status?.failure?.code).toBe('NODE_PASSWORD_FOREIGN');
    expect(
      site.kube
        .writes()
        .slice(from)
        .filter(({ verb }) => verb === 'create'),
    ).toEqual([]);
    expect(await site.kube.get(SECRET, name)).toBeDefined();
    expect(site.events).toContainEqual({ reason: 'Quarantined', type: 'Warning', regarding: pi.id });
  });

  it('labels a node that is not Ready yet, and follows later edits of the claim', async () => {
    const site = await JoinSite.create();
    await site.claim('lathe-left', { match: { serial: 's1' }, labels: LABELS });
    const pi = new Pi(site, 's1');
    await pi.hello();
    await pi.askTicket();
    if (pi.ticket !== undefined) await site.registerNode(pi.ticket);
    await settle();
    expect((await site.node('lathe-left'))?.metadata.labels).toEqual(LABELS);
    expect(await stateOf(site, pi)).toBe('labelling');
    await site.kube.mergePatch(NODE, { name: 'lathe-left' }, { metadata: { labels: { other: 'x' } } });
    await site.setNodeReady('lathe-left');
    await settle();
    await site.kube.mergePatch(
      DEVICE_CLAIM,
      { name: 'lathe-left' },
      { spec: { labels: { location: null, fast: 'yes' } } },
    );
    await settle();
    expect((await site.node('lathe-left'))?.metadata.labels).toEqual({ machine: 'lathe', fast: 'yes', other: 'x' });
    expect(await stateOf(site, pi)).toBe('ready');
    await site.kube.mergePatch(NODE, { name: 'lathe-left' }, { metadata: { labels: { machine: 'stolen' } } });
    await settle();
    expect((await site.node('lathe-left'))?.metadata.labels?.['machine']).toBe('lathe');
  });

  it('tries labels again every 30 s and says why they are missing', async () => {
    const { site, pi } = await joinedSite();
    site.kube.failNext('apply', 'KUBE_FORBIDDEN', { times: 2 });
    await site.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec: { labels: { fast: 'yes' } } });
    await settle();
    expect((await site.device(pi.id)).status).toMatchObject({
      phase: 'Joining',
      failure: { code: 'NODE_LABELS_FAILED' },
    });
    await site.pass(30_000);
    expect(await stateOf(site, pi)).toBe('labelling');
    await site.pass(30_000);
    expect((await site.device(pi.id)).status?.failure).toBeUndefined();
    expect(await stateOf(site, pi)).toBe('ready');
  });

  it('thinks a step over when somebody else wrote meanwhile', async () => {
    const site = await JoinSite.create();
    const pi = new Pi(site, 's1');
    await pi.hello();
    await settle();
    let edits = 2;
    site.kube.before = async (call) => {
      if (call.verb !== 'replaceStatus' || call.kind !== 'Device' || (edits -= 1) < 0) return;
      await site.kube.mergePatch(DEVICE, { name: pi.id }, { metadata: { annotations: { note: String(edits) } } });
    };
    await site.claim('lathe-left', { match: { serial: 's1' } });
    await settle();
    expect(edits).toBeLessThan(0);
    expect(await stateOf(site, pi)).toBe('approved');
    expect((await site.device(pi.id)).metadata.annotations).toEqual({ note: '0' });
    edits = 2;
    expect(await pi.askTicket()).toMatchObject({ nodeName: 'lathe-left' });
    expect(edits).toBeLessThan(0);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { makeIdentity } from '../../bootstrap-image/agent/adapters/device-key.ts';
import { EnrolClient } from '../../bootstrap-image/agent/adapters/enrol-client.ts';
import { asUsherError } from '../../foundation/errors.ts';
import { toCrockford } from '../../foundation/crockford.ts';
import { systemRandom } from '../../foundation/random.ts';
import { JoinTicket, type DeviceHello, type Hardware } from '../../join/protocol/messages.ts';
import { CONFIG_MAP, DEVICE, NODE, type Node } from '../../k8s/core/resources.ts';
import { EnrolSite } from '../support/enrol-site.ts';
import { clientCertificate, type TestDevice, type TestReply } from '../support/test-device.ts';
import { K3sThief } from './support/k3s-thief.ts';
import {
  deviceOf,
  eventually,
  isNodeReady,
  type RunningSite,
  startRunningSite,
  tokensLeft,
} from './support/running-site.ts';
import { expiredToken, newCard, Stranger } from './support/stranger.ts';
import { startTlsRelay } from './support/tls-relay.ts';

const NONE = { type: 'none' } as const;
const tokenOf = ({ token }: { token: string }) => ({ type: 'token', token }) as const;

function refusalOf(reply: TestReply): [status: number, code: unknown] {
  const { error } = reply.json() as { error?: { code: string } };
  return [reply.status, error?.code];
}

describe('strangers at the door of a running site', () => {
  let running: RunningSite;
  let caPem = '';
  /** What the first Pi, which has joined as `honest`, showed of itself. */
  let honest: { id: string; hw: Partial<Hardware> };
  const strangers: Stranger[] = [];

  const plugIn = async (host: number): Promise<Stranger> => {
    const stranger = await Stranger.plugIn(running, host, caPem);
    strangers.push(stranger);
    return stranger;
  };
  const honestNow = async (): Promise<string> => {
    const device = await running.kube.get(DEVICE, { name: honest.id });
    const node = await running.kube.get(NODE, { name: 'honest' });
    const { uid, labels } = node?.metadata ?? {};
    return JSON.stringify({ spec: device?.spec, status: device?.status, uid, labels });
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'strg', pis: 1 });
    caPem = (await newCard(running)).caPem;
    const { id, serial, macs } = await deviceOf(running, 'pi-1');
    honest = { id, hw: { macs, ...(serial === undefined ? {} : { serial }) } };
    await running.client.createClaim({ name: 'honest', device: id, labels: { machine: 'press' } });
    await eventually('the honest node to be Ready', 90_000, () => isNodeReady(running, 'honest'));
    await eventually('its claim to be Ready', 30_000, async () =>
      (await running.client.claim('honest')).conditions.some(
        ({ type, status }) => type === 'Ready' && status === 'True',
      ),
    );
  });
  afterAll(async () => {
    await Promise.all(strangers.map((stranger) => stranger.close()));
    await running.stop();
  });

  it('gives a rogue device without evidence nothing, and no object', async () => {
    const rogue = await (await plugIn(11)).device();
    const first = await rogue.post('hello', rogue.hello(NONE, { serial: '10000000deadbeef' }));
    expect([first.status, first.json()['state']]).toEqual([202, 'pending']);
    await running.client.createClaim({ name: 'bait', match: { serial: '10000000deadbeef' } });
    expect(refusalOf(await rogue.post('join', { v: 1, bootId: 'b' }))).toEqual([403, 'NOT_APPROVED']);
    expect(refusalOf(await rogue.post('joined', { v: 1 }))).toEqual([403, 'NOT_APPROVED']);
    expect(refusalOf(await rogue.get('artifacts?arch=arm64'))).toEqual([409, 'EVIDENCE_MISSING']);
    expect((await rogue.get('status')).json()).toMatchObject({
      state: 'pending',
      reason: { code: 'EVIDENCE_MISSING' },
    });
    expect(await running.kube.get(DEVICE, { name: rogue.deviceId })).toBeUndefined();
    expect(await tokensLeft(running)).toEqual([]);
    expect(await running.client.device(rogue.deviceId)).toMatchObject({ stage: 'NoEvidence', claimable: false });
    expect((await running.client.claim('bait')).phase).toBe('Waiting');
    await running.client.deleteClaim('bait');
  });

  it('lets nobody pass as a joined device by serial and MAC, with or without a card, and leaves that one untouched', async () => {
    const before = await honestNow();
    const host = await plugIn(12);
    const [bare, carded] = [await host.device(), await host.device()];
    expect((await bare.post('hello', bare.hello(NONE, honest.hw))).json()['state']).toBe('pending');
    const reply = await carded.post('hello', carded.hello(tokenOf(await newCard(running)), honest.hw));
    expect(reply.status).toBe(200);
    await eventually('the copy to be held', 15_000, async () => {
      const { reason } = (await carded.get('status')).json() as { reason?: { code: string } };
      return reason?.code === 'REPLACEMENT_OFFERED';
    });
    expect(refusalOf(await carded.post('join', { v: 1, bootId: 'b' }))[0]).toBeGreaterThanOrEqual(400);
    expect(await honestNow()).toBe(before);
    expect(await isNodeReady(running, 'honest')).toBe(true);
    await running.client.decide(carded.deviceId, 'Rejected');
  });

  describe('a token that is not good', () => {
    const tokens: [what: string, code: string, make: () => Promise<string>][] = [
      [
        'used by another key',
        'TOKEN_USED',
        async () => {
          const card = await newCard(running);
          const first = await (await plugIn(21)).device();
          expect((await first.post('hello', first.hello(tokenOf(card)))).status).toBe(200);
          return card.token;
        },
      ],
      ['expired', 'TOKEN_EXPIRED', () => expiredToken(running)],
      [
        'revoked',
        'TOKEN_REVOKED',
        async () => {
          const { token, tokenId } = await newCard(running);
          await running.client.revokeToken(tokenId);
          return token;
        },
      ],
      [
        'of another site',
        'TOKEN_UNKNOWN',
        () => {
          const text = toCrockford(systemRandom.bytes(40));
          return Promise.resolve(`ush1.${text.slice(0, 10)}.${text.slice(10, 36)}`);
        },
      ],
      [
        'guessed for an id that exists',
        'TOKEN_UNKNOWN',
        async () => `ush1.${(await newCard(running)).tokenId}.${toCrockford(systemRandom.bytes(20)).slice(0, 26)}`,
      ],
    ];
    it.each(tokens)('%s is refused with %s, on the device and on the page alike', async (_what, code, make) => {
      const token = await make();
      const host = await plugIn(22 + tokens.findIndex(([what]) => what === _what));
      const identity = makeIdentity();
      const agent = new EnrolClient({ origin: `https://127.0.0.1:${String(host.port)}`, caPem, identity });
      try {
        const { deviceId } = identity;
        const hw = { macs: [], arch: 'arm64', serial: `2000${deviceId.slice(0, 8)}` };
        const hello: DeviceHello = { v: 1, id: deviceId, agent: '1', bootId: 'b', hw, evidence: tokenOf({ token }) };
        const refused = await agent.hello(hello).then(
          () => 'accepted',
          (error: unknown) => asUsherError(error).params['refusal'],
        );
        expect(refused).toBe(code);
        const row = await running.client.device(deviceId);
        expect([row.stage, row.failure?.code]).toEqual(['NoEvidence', code]);
        expect(await running.kube.get(DEVICE, { name: deviceId })).toBeUndefined();
      } finally {
        agent.close();
      }
    });

    it('is answered alike whether its id exists or not, so that nobody learns which do', async () => {
      const host = await plugIn(31);
      const { tokenId } = await newCard(running);
      const secret = toCrockford(systemRandom.bytes(20)).slice(0, 26);
      const answers = [];
      for (const id of [tokenId, toCrockford(systemRandom.bytes(7)).slice(0, 10)]) {
        const device = await host.device();
        const reply = await device.post('hello', device.hello(tokenOf({ token: `ush1.${id}.${secret}` })));
        answers.push([reply.status, Object.keys(reply.headers).sort(), reply.body.toString().replaceAll(id, 'ID')]);
      }
      expect(answers[0]).toEqual(answers[1]);
    });

    it('can be tried ten times an hour from one address, and then not even a good one is looked at', async () => {
      const host = await plugIn(32);
      const codes: unknown[] = [];
      for (let guess = 0; guess < 12; guess += 1) {
        const device = await host.device();
        const token = `ush1.${toCrockford(systemRandom.bytes(7)).slice(0, 10)}.${'0'.repeat(26)}`;
        codes.push(refusalOf(await device.post('hello', device.hello(tokenOf({ token }))))[1]);
      }
      expect(codes).toEqual([...Array<string>(10).fill('TOKEN_UNKNOWN'), 'RATE_LIMITED', 'RATE_LIMITED']);
    });
  });

  it('shows both when an impostor used a card first: the real one hears TOKEN_USED, and an alarm is raised', async () => {
    const card = await newCard(running, { note: 'stolen from the drawer' });
    const [impostor, real] = [await (await plugIn(41)).device(), await (await plugIn(42)).device()];
    expect((await impostor.post('hello', impostor.hello(tokenOf(card)))).json()['state']).toBe('verified');
    expect(refusalOf(await real.post('hello', real.hello(tokenOf(card))))).toEqual([403, 'TOKEN_USED']);
    // The same key with the same token again is no event.
    expect((await impostor.post('hello', impostor.hello(tokenOf(card)))).status).toBe(200);
    const rows = (await running.client.devices()).map(({ id }) => id);
    expect(rows).toEqual(expect.arrayContaining([impostor.deviceId, real.deviceId]));
    expect((await running.client.device(real.deviceId)).failure?.code).toBe('TOKEN_USED');
    await eventually('an alarm about the card', 15_000, async () =>
      (await running.client.alarms()).some(
        ({ message, device }) =>
          message.includes(card.tokenId) && [impostor.deviceId, real.deviceId].includes(device ?? ''),
      ),
    );
  });

  it('gives a man in the middle nothing: the agent sends him not one byte, and his own key is not the device', async () => {
    const host = await plugIn(51);
    const relay = await startTlsRelay(host.port);
    const identity = makeIdentity();
    const hello: DeviceHello = {
      v: 1,
      id: identity.deviceId,
      agent: '1',
      bootId: 'b',
      hw: { macs: [], arch: 'arm64' },
      evidence: tokenOf(await newCard(running)),
    };
    const origin = `https://127.0.0.1:${String(relay.port)}`;
    const agent = new EnrolClient({ origin, caPem, identity });
    // Whoever pins nobody, or the wrong one, gets through to him; what he passes on comes from his key.
    const careless = new EnrolClient({ origin, caPem: relay.caPem, identity });
    try {
      await expect(agent.hello(hello)).rejects.toMatchObject({ code: 'APPLIANCE_NOT_TRUSTED' });
      expect(relay.read).toEqual([]);
      const refused = await careless.hello(hello).catch((error: unknown) => asUsherError(error).params['refusal']);
      expect(refused).toBe('DEVICE_ID_MISMATCH');
      expect(relay.read).toHaveLength(1);
    } finally {
      agent.close();
      careless.close();
      relay.close();
    }
  });

  it('is not confused with a rogue appliance that speaks the same protocol with a CA of its own', async () => {
    const rogue = await EnrolSite.start();
    const client = new EnrolClient({
      origin: `https://127.0.0.1:${String(rogue.server.port)}`,
      caPem,
      identity: makeIdentity(),
    });
    try {
      await expect(client.info()).rejects.toMatchObject({ code: 'APPLIANCE_NOT_TRUSTED' });
      expect(rogue.server.counters()).toMatchObject({ hellos: 0, candidates: 0 });
    } finally {
      client.close();
      await rogue.close();
    }
  });

  it('takes no captured hello or request for a ticket from another key', async () => {
    const host = await plugIn(61);
    const [owner, thief] = [await host.device(), await host.device()];
    const captured = owner.hello(tokenOf(await newCard(running)));
    expect((await owner.post('hello', captured)).json()['state']).toBe('verified');
    await running.client.createClaim({ name: 'replayed', device: owner.deviceId });
    await eventually(
      'the claim to be bound',
      15_000,
      async () => (await running.client.claim('replayed')).phase === 'Bound',
    );
    expect(refusalOf(await thief.post('hello', captured))).toEqual([403, 'DEVICE_ID_MISMATCH']);
    expect(refusalOf(await thief.post('join', { v: 1, bootId: 'boot-1' }))).toEqual([404, 'DEVICE_UNKNOWN']);
    const own = { ...captured, id: thief.deviceId };
    expect(refusalOf(await thief.post('hello', own))).toEqual([403, 'TOKEN_USED']);
    expect(refusalOf(await thief.post('join', { v: 1, bootId: 'boot-1' }))).toEqual([403, 'NOT_APPROVED']);
    await running.client.deleteClaim('replayed');
  });

  describe('a join token that leaked', () => {
    let thief: K3sThief;
    let courier: TestDevice;
    let ticket: JoinTicket;
    const bearer = (): string => ticket.token.slice(ticket.token.indexOf('::') + 2);
    const intrude = async (name: string): Promise<{ status: number; node: string }> => {
      const { status, certificate, key } = await thief.useToken(bearer(), name);
      if (status !== 200) return { status, node: 'none' };
      const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name } };
      const outcome = await thief
        .clientWith(certificate, key)
        .create(NODE, node)
        .catch((error: unknown) => asUsherError(error).code);
      return { status, node: typeof outcome === 'string' ? outcome : 'made' };
    };

    beforeAll(async () => {
      thief = await K3sThief.of(running);
      courier = await (await plugIn(71)).device();
      await courier.post('hello', courier.hello(tokenOf(await newCard(running))));
      await running.client.createClaim({ name: 'courier', device: courier.deviceId });
      ticket = await eventually('the ticket', 30_000, async () => {
        const reply = await courier.post('join', { v: 1, bootId: 'boot-1' });
        return reply.status === 200 && JoinTicket.parse(reply.json());
      });
    });
    afterAll(() => thief.close());

    it('makes no node under a foreign name, raises an alarm within seconds, and the name is never handed out', async () => {
      expect(await intrude('intruder')).toEqual({ status: 200, node: 'KUBE_FORBIDDEN' });
      const alarm = await eventually('the alarm', 15_000, async () =>
        (await running.client.alarms()).find(({ nodeName }) => nodeName === 'intruder'),
      );
      expect(alarm).toMatchObject({
        code: 'NODE_PASSWORD_UNEXPECTED',
        message: /intruder/,
        remedy: /rotate the cluster CA/,
      });
      const next = await (await plugIn(72)).device();
      await next.post('hello', next.hello(tokenOf(await newCard(running))));
      await running.client.createClaim({ name: 'intruder', device: next.deviceId });
      await eventually('the name to be refused', 15_000, async () => {
        const { phase, conditions } = await running.client.claim('intruder');
        const bound = conditions.find(({ type }) => type === 'Bound');
        return phase === 'Conflict' && bound?.message.includes('a name seen with a leaked token');
      });
      await running.client.deleteClaim('intruder');
      expect(await running.kube.get(NODE, { name: 'intruder' })).toBeUndefined();
    });

    it('is of no use under the name of a joined node, nor under its own with another password', async () => {
      const before = await honestNow();
      for (const name of ['honest', 'courier']) expect((await intrude(name)).status).not.toBe(200);
      expect(await honestNow()).toBe(before);
    });

    it('does not keep honest devices out meanwhile', async () => {
      const { lab } = running.site;
      await lab.addPi({ name: 'pi-2' });
      await lab.plug('pi-2');
      const { id } = await deviceOf(running, 'pi-2');
      await running.client.createClaim({ name: 'second', device: id });
      await eventually('the second node to be Ready', 90_000, () => isNodeReady(running, 'second'));
      expect((await running.client.alarms()).map(({ nodeName }) => nodeName)).not.toContain('second');
    });

    it('dies with its ticket: what it still does for ten seconds makes no node either and raises alarms, then it is refused', async () => {
      // The API server remembers for ten seconds whom it let in (contract line 4).
      await thief.useToken(bearer(), 'courier');
      await running.client.deleteClaim('courier');
      await eventually('the ticket to be burnt', 30_000, async () => (await tokensLeft(running)).length === 0);
      let tries = 0;
      let afterDeletion = 0;
      await eventually('the token to be refused', 45_000, async () => {
        tries += 1;
        const { status, node } = await intrude(`late-${String(tries)}`);
        if (status !== 200) return status === 401 || status === 403;
        afterDeletion += 1;
        expect(node).toBe('KUBE_FORBIDDEN');
        await delay(1000);
        return false;
      });
      await eventually('an alarm for each', 15_000, async () => {
        const late = (await running.client.alarms()).filter(({ nodeName }) => nodeName?.startsWith('late-'));
        return late.length === afterDeletion;
      });
      const retired = await running.kube.get(CONFIG_MAP, { name: 'retired-names', namespace: 'usher-system' });
      expect(Object.keys(retired?.data ?? {})).toHaveLength(1 + afterDeletion);
      // The name of the ticket itself is free again, and its ticket cannot be had a second time.
      expect(refusalOf(await courier.post('join', { v: 1, bootId: 'boot-1' }))[0]).toBeGreaterThanOrEqual(400);
    });

    it('leaves alarms that are gone for good once somebody judged them, and the names stay retired', async () => {
      const [alarm] = (await running.client.alarms()).filter(({ nodeName }) => nodeName === 'intruder');
      await running.client.acknowledgeAlarm(alarm?.id ?? '');
      expect((await running.client.alarms()).map(({ id }) => id)).not.toContain(alarm?.id);
      const retired = await running.kube.get(CONFIG_MAP, { name: 'retired-names', namespace: 'usher-system' });
      expect(retired?.data).toHaveProperty('intruder');
    });
  });

  it('believes no date: neither that of a certificate nor that of a hello', async () => {
    const host = await plugIn(81);
    const periods: [from: number, to: number][] = [
      [1980, 1981],
      [2150, 2160],
    ];
    for (const years of periods) {
      const device = await host.device(await clientCertificate('P-256', years));
      const hello = {
        ...device.hello(tokenOf(await newCard(running))),
        clock: { now: `${String(years[0])}-01-01T00:00:00Z`, synced: true },
      };
      const reply = await device.post('hello', hello);
      expect([reply.status, reply.json()['state']]).toEqual([200, 'verified']);
      const record = await running.kube.get(DEVICE, { name: device.deviceId });
      expect(Math.abs(Date.parse(record?.spec.evidence.verifiedAt ?? '') - Date.now())).toBeLessThan(600_000);
    }
    // A device whose clock stands before its card's end gets no more out of an expired token than others.
    const late = await host.device();
    const token = await expiredToken(running);
    const hello = { ...late.hello(tokenOf({ token })), clock: { now: '1990-01-01T00:00:00Z', synced: true } };
    expect(refusalOf(await late.post('hello', hello))).toEqual([403, 'TOKEN_EXPIRED']);
  });

  it('leaves neither a bootstrap token nor a name on the list', async () => {
    expect(await tokensLeft(running)).toEqual([]);
    const list = await running.kube.get(CONFIG_MAP, { name: 'approved-nodes', namespace: 'usher-system' });
    expect(Object.values(list?.data ?? {}).filter((note) => note.startsWith('ticket '))).toEqual([]);
  });
});

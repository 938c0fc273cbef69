import { machine } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../../../bootstrap-image/agent/agent.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { Secret } from '../../../foundation/secret.ts';
import { parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { EXPORTER_LABEL } from '../../../join/protocol/scram.ts';
import { EnrolSite } from '../../support/enrol-site.ts';
import { DeviceFolder } from '../agent/device-folder.ts';
import { RewritingRelay, type Tricks } from '../../support/rewriting-relay.ts';

// The agent of a generic card and the real device API.
let site: EnrolSite;
const devices: DeviceFolder[] = [];
const relays: RewritingRelay[] = [];

beforeEach(async () => {
  site = await EnrolSite.start();
  await site.artifacts.register({ kind: 'k3s', path: await site.file('k3s', 'the k3s binary'), arch: machine() });
});
afterEach(async () => {
  for (const relay of relays.splice(0)) relay.close();
  await site.close();
  for (const device of devices.splice(0)) await device.remove();
});

interface Pi {
  device: DeviceFolder;
  id: string;
  /** Switches it on; it goes on until it is a node, or to the end of the test. */
  boot: () => Promise<void>;
  /** What its screen shows as its code. */
  shownCode: () => Promise<string>;
}

async function newPi(options: { url?: string; code?: string } = {}): Promise<Pi> {
  const device = await DeviceFolder.make();
  devices.push(device);
  const { url = `https://127.0.0.1:${String(site.server.port)}`, code } = options;
  await device.writeGenericCard([url], code);
  const boot = async (): Promise<void> => {
    const agent: Agent = await device.agent({ clock: systemClock });
    device.views.length = 0;
    await agent.run();
  };
  const shownCode = async (): Promise<string> => {
    const code = (): string | undefined => {
      const view = device.views.at(-1)?.claimCode;
      return view?.on === 'screen' ? view.typed : undefined;
    };
    let shown: string | undefined;
    await expect.poll(() => (shown = code())).toBeDefined();
    return shown ?? '';
  };
  return { device, id: (await device.identity()).deviceId, boot, shownCode };
}

const isCandidate = (id: string): Promise<void> =>
  expect.poll(() => site.candidates.get(id)?.hello.evidence.type).toBe('code');
const enter = (id: string, text: string): Promise<unknown> => site.claimCodes.enter(id, parseClaimCode(text).code);
const standing = (id: string): string | undefined => {
  const { state, failure } = site.claimCodes.standingOf(id) ?? {};
  return failure?.code ?? state;
};
const becomes = (id: string, outcome: string): Promise<void> => expect.poll(() => standing(id)).toBe(outcome);

describe('a device of a generic card', () => {
  it('joins the site whose operator enters the code of its screen, and believes nobody before', async () => {
    const { device, id, boot, shownCode } = await newPi();
    const done = boot();
    await isCandidate(id);
    const code = await shownCode();
    expect(code.slice(0, 6).toLowerCase()).toBe(id.slice(0, 6));
    expect(device.views.at(-1)?.problem?.code).toBe('CLAIM_CODE_AWAITED');
    expect((await device.state()).site).toBeUndefined();
    await enter(id, code);
    await becomes(id, 'proven');
    expect(site.desk.admissions[0]?.evidence.kind).toBe('ClaimCode');
    await expect.poll(async () => (await device.state()).site?.caPem).toBe(site.authority.caPem);
    site.desk.set(id, 'approved', { nodeName: 'lathe-left' });
    await done;
    expect(await device.read(device.paths.k3sConfig)).toContain('node-name: "lathe-left"');
    expect(device.views.at(-1)?.claimCode).toBeUndefined();
  });

  it('shows another code after a wrong one was entered, and joins with that', async () => {
    const { device, id, boot, shownCode } = await newPi();
    const done = boot();
    await isCandidate(id);
    const before = await shownCode();
    await enter(id, 'AAAA-AAAA-AAAA-AAAA');
    await becomes(id, 'CLAIM_CODE_WRONG');
    await expect.poll(shownCode).not.toBe(before);
    await expect.poll(() => device.views.at(-1)?.problem?.code).toBe('CLAIM_CODE_WRONG');
    await enter(id, await shownCode());
    await becomes(id, 'proven');
    site.desk.set(id, 'approved');
    await done;
  });

  it('with a label shows no code, takes that of the label once, and wipes it', async () => {
    const label = 'K7QF-2M9X-TR4C-8WHD';
    const { device, id, boot } = await newPi({ code: label });
    const done = boot();
    await isCandidate(id);
    expect(device.views.at(-1)?.claimCode).toEqual({ on: 'label' });
    await enter(id, label);
    await becomes(id, 'proven');
    await expect.poll(() => device.read(device.paths.card)).toBeUndefined();
    const clone = await newPi({ code: label });
    await expect(enter(clone.id, label)).rejects.toMatchObject({ code: 'CLAIM_CODE_USED' });
    site.desk.set(id, 'approved');
    await done;
  });

  it('shows a new code at every start', async () => {
    const { boot, shownCode } = await newPi();
    void boot();
    const before = await shownCode();
    void boot();
    await expect.poll(shownCode).not.toBe(before);
  });

  it('takes a code again from an appliance that was started anew', async () => {
    const { id, boot, shownCode } = await newPi();
    const done = boot();
    await isCandidate(id);
    await enter(id, 'AAAA-AAAA-AAAA-AAAA');
    await becomes(id, 'CLAIM_CODE_WRONG');
    // All that a restart forgets.
    site.claimCodes.close();
    await enter(id, await shownCode());
    await becomes(id, 'proven');
    site.desk.set(id, 'approved');
    await done;
  });
});

/** The man in the middle speaks to the appliance in his own name wherever the device named itself. */
const inHisName =
  (relay: () => RewritingRelay, victim: () => string, more: NonNullable<Tricks['request']> = (_p, body) => body) =>
  (path: string, body: string, upstream: TLSSocket | undefined): string =>
    more(path, body, upstream).replaceAll(victim(), relay().identity.deviceId);

/** Puts in the channel binding of his own connection to the appliance. */
function withHisBinding(path: string, body: string, upstream: TLSSocket | undefined): string {
  if (!path.endsWith('/claim/final') || upstream === undefined) return body;
  const exported = upstream.exportKeyingMaterial(32, EXPORTER_LABEL, Buffer.alloc(0));
  const bound = Buffer.concat([Buffer.from('p=tls-exporter,,'), exported]).toString('base64');
  return body.replace(/c=[A-Za-z0-9+/=]+,/, `c=${bound},`);
}

describe('a man in the middle who ends TLS on both sides', () => {
  async function attack(
    tricks: { request?: NonNullable<Tricks['request']>; reply?: NonNullable<Tricks['reply']>; label?: string } = {},
  ): Promise<{ pi: Pi; relay: RewritingRelay }> {
    const victim = { id: '?' };
    const started: { relay?: RewritingRelay } = {};
    const his = (): RewritingRelay => {
      if (started.relay === undefined) throw new TypeError('not started');
      return started.relay;
    };
    started.relay = await RewritingRelay.start(
      { host: '127.0.0.1', port: site.server.port },
      {
        request: inHisName(his, () => victim.id, tricks.request),
        ...(tricks.reply === undefined ? {} : { reply: tricks.reply }),
      },
    );
    const relay = his();
    relays.push(relay);
    const { label } = tricks;
    const pi = await newPi({ url: relay.url, ...(label === undefined ? {} : { code: label }) });
    victim.id = pi.id;
    if (label !== undefined) await enter(pi.id, label);
    void pi.boot();
    await isCandidate(relay.identity.deviceId);
    return { pi, relay };
  }

  const isUnharmed = async ({ device, id }: Pi, relay: RewritingRelay, code: string): Promise<void> => {
    expect(site.desk.admissions).toEqual([]);
    expect(site.desk.isAdmitted(id)).toBe(false);
    expect((await device.state()).site).toBeUndefined();
    expect(JSON.stringify(relay.passed)).not.toContain(parseClaimCode(code).code.reveal());
  };

  it('gets nothing with the code of the device that he speaks for', async () => {
    const label = 'K7QF-2M9X-TR4C-8WHD';
    // He tells the device what the appliance does not tell him: that its code was entered.
    const entered = (path: string, body: string): { status: number; body: string } | undefined =>
      path.endsWith('/hello')
        ? { status: 202, body: JSON.stringify({ ...(JSON.parse(body) as object), codeEntered: true }) }
        : undefined;
    const { pi, relay } = await attack({ label, reply: entered });
    const proof = (): string | undefined => relay.passed.find(({ path }) => path.endsWith('/claim/first'))?.reply;
    await expect.poll(proof).toContain('CLAIM_CODE_AWAITED');
    expect(standing(pi.id)).toBe('waiting');
    await isUnharmed(pi, relay, label);
  });

  it('is found out by the channel binding, even when the code is bound to his own key', async () => {
    const { pi, relay } = await attack();
    const code = await pi.shownCode();
    await enter(relay.identity.deviceId, code);
    await becomes(relay.identity.deviceId, 'CLAIM_CODE_RELAYED');
    await isUnharmed(pi, relay, code);
  });

  it('breaks the proof when he puts in the binding of his own connection', async () => {
    const { pi, relay } = await attack({ request: withHisBinding });
    const code = await pi.shownCode();
    await enter(relay.identity.deviceId, code);
    await becomes(relay.identity.deviceId, 'CLAIM_CODE_WRONG');
    await isUnharmed(pi, relay, code);
  });

  it('is not believed when he answers himself', async () => {
    const answer = (path: string): { status: number; body: string } | undefined =>
      path.endsWith('/claim/final')
        ? { status: 200, body: JSON.stringify({ v: 1, data: `v=${'A'.repeat(43)}=`, caPem: relays[0]?.caPem }) }
        : undefined;
    const { pi, relay } = await attack({ reply: answer });
    const code = await pi.shownCode();
    await enter(relay.identity.deviceId, code);
    await expect.poll(() => pi.device.views.some((view) => view.problem?.code === 'APPLIANCE_UNPROVEN')).toBe(true);
    await isUnharmed(pi, relay, code);
  });
});

it('never prints a code', () => {
  expect(String(parseClaimCode('K7QF-2M9X-TR4C-8WHD').code)).toBe('***');
  expect(JSON.stringify(new Secret('K7QF2M9XTR4C8WHD'))).not.toContain('K7QF');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApprovalRule } from '../../../join/core/approval-rule.ts';
import { nextNumber, NUMBER_ANNOTATION, ruleProblem, RULE_ANNOTATION } from '../../../join/core/approval-rule.ts';
import { DEVICE_CLAIM, type DeviceClaim, type DeviceEvidence } from '../../../k8s/core/resources.ts';
import { JoinSite, Pi, settle } from './join-site.ts';

const BATCH: DeviceEvidence = { kind: 'BatchToken', tokenId: 'batch1' };
const RULE: ApprovalRule = {
  ...{ name: 'greenhouse', tokenId: 'batch1', nameTemplate: 'gh-{n:2}', firstNumber: 1, isOn: true },
  ...{ labels: { zone: 'a', serial: '{serial}', nr: '{n}' }, taints: [], createdAt: '2026-01-01T00:00:00Z' },
};

async function claims(site: JoinSite): Promise<[string, string | undefined][]> {
  const all = await site.kube.list(DEVICE_CLAIM);
  return all.map(({ metadata, spec }): [string, string | undefined] => [metadata.name, spec.match.device]).sort();
}

async function greet(site: JoinSite, serials: readonly string[], evidence = BATCH): Promise<Pi[]> {
  const pis = serials.map((serial) => new Pi(site, serial, evidence));
  for (const pi of pis) {
    await pi.hello();
    await settle();
  }
  return pis;
}

describe('an approval rule', () => {
  it('claims each new device of its batch, which joins unattended', async () => {
    const site = await JoinSite.create();
    await site.rules.create(RULE);
    const pis = await greet(site, ['s1', 's2']);
    await greet(site, ['s3'], { kind: 'BatchToken', tokenId: 'other' });
    await greet(site, ['s4'], { kind: 'CardToken', tokenId: 'batch1' }).catch(() => undefined);
    for (const pi of pis) await pi.live();
    // Neither the other batch nor, though it names this token, a card of its own.
    expect(await claims(site)).toEqual([
      ['gh-01', pis[0]?.id],
      ['gh-02', pis[1]?.id],
    ]);
    expect((await site.node('gh-02'))?.metadata.labels).toEqual({ zone: 'a', serial: 's2', nr: '2' });
    expect(site.events.map(({ reason }) => reason)).toContain('ClaimedByRule');
    expect(site.kube.handlerErrors).toEqual([]);
  });

  it('does nothing while it is off, shows what it would do, and then does just that', async () => {
    const site = await JoinSite.create();
    await site.rules.create({ ...RULE, isOn: false });
    const pis = await greet(site, ['s1', 's2', 's3']);
    await site.claim('mine', { match: { serial: 's2' } });
    await settle();
    expect(await claims(site)).toEqual([['mine', undefined]]);
    const plans = site.rules.preview(RULE).map((plan) => {
      return [plan.device.metadata.name, plan.is === 'claim' ? plan.claim.metadata.name : plan.reason];
    });
    expect(new Map(plans as [string, string][])).toEqual(
      new Map([
        [pis[0]?.id, expect.stringMatching(/^gh-0[12]$/)],
        [pis[1]?.id, 'it is claimed by mine'],
        [pis[2]?.id, expect.stringMatching(/^gh-0[12]$/)],
      ]),
    );
    await site.rules.change('greenhouse', { isOn: true });
    await settle();
    const made = (await claims(site)).filter(([name]) => name !== 'mine');
    expect(made).toEqual(
      plans
        .filter(([, name]) => name?.startsWith('gh'))
        .map(([id, name]) => [name, id])
        .sort(),
    );
  });

  it('leaves alone whom an operator turned away, who is held, and who was known before', async () => {
    const site = await JoinSite.create();
    await site.rules.create(RULE);
    const [joined] = await greet(site, ['s1']);
    await joined?.live();
    // A board that says it is the one that has joined: an operator must judge that.
    await new Pi(site, 's1', BATCH, 'another key').hello();
    await settle();
    expect(await claims(site)).toHaveLength(1);
    expect(site.rules.list()[0]?.problem).toContain('carries the serial s1');
    // A claim that was taken away on purpose is not made anew.
    await site.kube.delete(DEVICE_CLAIM, { name: 'gh-01' });
    await settle();
    expect(await claims(site)).toEqual([]);
    await site.rules.remove('greenhouse');
    const [refused] = await greet(site, ['s5']);
    await site.desk.decide(refused?.id ?? '', 'Rejected');
    await site.rules.create(RULE);
    await settle();
    expect(await claims(site)).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'gives no number twice when the appliance dies %s any write',
    async (moment) => {
      let writes = Number.POSITIVE_INFINITY;
      for (let write = 1; write <= Math.min(writes, 60); write += 1) {
        const site = await JoinSite.create();
        await site.rules.create(RULE);
        site.kill();
        const process = await site.start({ write, moment });
        const pis = ['s1', 's2', 's3'].map((serial) => new Pi(site, serial, BATCH));
        for (let turn = 0; turn < 4; turn += 1) {
          for (const pi of pis) {
            await pi.live();
            if (!site.isUp()) await site.start();
          }
          await site.pass(6_000);
        }
        const made = await claims(site);
        expect(new Set(made.map(([, id]) => id)).size, `write ${String(write)}`).toBe(3);
        expect(
          made.map(([name]) => name),
          `write ${String(write)}`,
        ).toEqual(['gh-01', 'gh-02', 'gh-03']);
        writes = process.isDead ? writes : process.writes;
      }
    },
    60_000,
  );

  it('takes the next number when somebody else took the name a moment before', async () => {
    const site = await JoinSite.create();
    await site.rules.create(RULE);
    site.kube.before = async (call) => {
      if (call.verb !== 'create' || call.name !== 'gh-01') return;
      site.kube.before = () => undefined;
      await site.claim('gh-01', { match: { serial: 'elsewhere' } });
    };
    const [pi] = await greet(site, ['s1']);
    expect(await claims(site)).toEqual([
      ['gh-01', undefined],
      ['gh-02', pi?.id],
    ]);
  });
});

describe('numbers', () => {
  it('are above all that exist, whatever their names', () => {
    const noted = (number: number): DeviceClaim => ({
      ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, spec: { match: {} } },
      metadata: { name: 'x', annotations: { [RULE_ANNOTATION]: RULE.name, [NUMBER_ANNOTATION]: String(number) } },
    });
    fc.assert(
      fc.property(fc.array(fc.nat(5000)), fc.array(fc.nat(5000)), fc.nat(9), (named, inNotes, firstNumber) => {
        const names = named.map((n) => `gh-${String(n).padStart(2, '0')}`);
        const next = nextNumber(
          { ...RULE, firstNumber },
          [...names, 'gh-x', 'gh-1-2', 'other-99999'],
          inNotes.map(noted),
        );
        expect(next).toBe(Math.max(firstNumber - 1, ...named, ...inNotes) + 1);
      }),
    );
  });
});

describe('a template', () => {
  it.each([
    ['gh-{n}', undefined],
    ['pi-{serial}', undefined],
    ['pi-{mac6}.{id6}', undefined],
    ['gh', 'differ'],
    [`{n}${'{serial}'.repeat(8)}`, 'twice'],
    ['gh-{n}-{n:3}', 'twice'],
    ['gh-{x}', '{x} is none'],
    ['gh-{n', 'brace'],
    ['Gh-{n}', 'cannot be the name'],
    ['gh_{n}', 'cannot be the name'],
    [`${'g'.repeat(64)}{n}`, 'cannot be the name'],
  ])('%s', (nameTemplate, problem) => {
    const told = ruleProblem({ ...RULE, nameTemplate });
    if (problem === undefined) expect(told).toBeUndefined();
    else expect(told).toContain(problem);
  });

  it.each([[{ 'kubernetes.io/x': 'y' }], [{ a: 'b c' }], [{ a: '{nope}' }]])('not labels %j', (labels) => {
    expect(ruleProblem({ ...RULE, labels: labels })).toBeDefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BindingInputs } from '../../../join/controller/binding-inputs.ts';
import { LiveBindings } from '../../../join/controller/live-bindings.ts';
import type { Device, DeviceClaim } from '../../../k8s/core/resources.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(26));
const NAMES = ['one', 'two', 'three', 'four'];
const some = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...values), { nil: undefined });

/** Few values for everything, so that most worlds are full of conflicts. */
const device = fc.record({
  id: fc.constantFrom(...IDS),
  serial: some(['10', '20']),
  duid: some(['aa', 'bb']),
  mac: some(['b8:27:eb:00:00:01', 'b8:27:eb:00:00:02']),
  claimed: some(NAMES),
  nodeName: some(NAMES),
  hasNode: fc.boolean(),
  state: fc.constantFrom('pending', 'approved', 'joining', 'ready', 'failed', 'replaced' as const),
  decision: fc.constantFrom('Undecided', 'Rejected', 'Revoked' as const),
  isVerified: fc.boolean(),
});
const claim = fc.record({
  name: fc.constantFrom(...NAMES),
  match: fc.oneof(
    fc.constantFrom(...IDS).map((id) => ({ device: id })),
    fc.constantFrom('10', '20').map((serial) => ({ serial })),
    fc.constantFrom('aa', 'bb').map((duid) => ({ duid })),
    fc.constant({ mac: 'b8:27:eb:00:00:01' }),
  ),
  nodeName: some(NAMES),
  replaces: some(IDS),
  minute: fc.integer({ min: 10, max: 12 }),
});
const node = fc.record({ name: fc.constantFrom(...NAMES), device: some(IDS) });

const change = fc.oneof(
  { weight: 4, arbitrary: device.map((value) => ({ set: 'device' as const, value })) },
  { weight: 4, arbitrary: claim.map((value) => ({ set: 'claim' as const, value })) },
  { weight: 2, arbitrary: node.map((value) => ({ set: 'node' as const, value })) },
  fc.constantFrom(...IDS).map((name) => ({ set: 'no device' as const, name })),
  fc.constantFrom(...NAMES).map((name) => ({ set: 'no claim' as const, name })),
  fc.constantFrom(...NAMES).map((name) => ({ set: 'no node' as const, name })),
  fc.constantFrom(...NAMES).map((name) => ({ set: 'retired' as const, name })),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What holds after these changes, bound after every one of them or only at the end. */
class World {
  readonly #inputs = new BindingInputs();
  readonly #retired = new Set<string>();
  readonly live = new LiveBindings(this.#inputs, (name) => this.#retired.has(name));

  make(one: Change): void {
    const inputs = this.#inputs;
    if (one.set === 'device') inputs.setDevice(one.value.id, deviceOf(one.value));
    else if (one.set === 'claim') inputs.setClaim(one.value.name, claimOf(one.value));
    else if (one.set === 'node') inputs.setNode(one.value.name, one.value);
    else if (one.set === 'no device') inputs.setDevice(one.name, undefined);
    else if (one.set === 'no claim') inputs.setClaim(one.name, undefined);
    else if (one.set === 'no node') inputs.setNode(one.name, undefined);
    else {
      if (!this.#retired.delete(one.name)) this.#retired.add(one.name);
      inputs.touchNames([one.name]);
    }
  }
}

describe('bindings that are kept up to date', () => {
  it('are those that would be made of everything at once, whatever changed in between', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 25 }), (changes) => {
        const [stepwise, atOnce] = [new World(), new World()];
        for (const one of changes) {
          stepwise.make(one);
          stepwise.live.update();
          atOnce.make(one);
        }
        atOnce.live.update();
        const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(stepwise.live.claims)).toEqual(sorted(atOnce.live.claims));
        expect(sorted(stepwise.live.devices)).toEqual(sorted(atOnce.live.devices));
      }),
      { numRuns: 2000, seed: 4 },
    );
  });

  it('look at nothing but what a change touches', () => {
    const inputs = new BindingInputs();
    const live = new LiveBindings(inputs, () => false);
    for (let n = 0; n < 500; n += 1) {
      const id = String(n).padStart(26, 'x');
      inputs.setDevice(id, deviceOf({ ...PLAIN, id, serial: `serial-${String(n)}` }));
      const spec = { name: `claim-${String(n)}`, match: { serial: `serial-${String(n)}` }, minute: 10 };
      inputs.setClaim(spec.name, claimOf({ ...spec, nodeName: undefined, replaces: undefined }));
    }
    expect(live.update().claims).toHaveLength(500);
    inputs.setNode('claim-7', { name: 'claim-7', device: 'somebody else' });
    expect(inputs.takeChanged()).toMatchObject({ claims: ['claim-7'], devices: ['7'.padStart(26, 'x')] });
  });
});

const PLAIN = {
  ...{ duid: undefined, mac: undefined, claimed: undefined, nodeName: undefined, hasNode: false, isVerified: true },
  ...({ state: 'pending', decision: 'Undecided' } as const),
};

type DeviceFacts = Omit<typeof device extends fc.Arbitrary<infer T> ? T : never, 'serial'> & {
  serial: string | undefined;
};
type ClaimFacts = Omit<typeof claim extends fc.Arbitrary<infer T> ? T : never, 'match'> & {
  match: DeviceClaim['spec']['match'];
};

function deviceOf(facts: DeviceFacts): Device {
  const { id, serial, duid, mac, claimed, nodeName, hasNode, state, decision, isVerified } = facts;
  const name = nodeName ?? 'one';
  return {
    apiVersion: 'usher.internal/v1alpha1',
    kind: 'Device',
    metadata: { name: id, uid: `uid-${id}` },
    spec: {
      publicKey: '',
      evidence: isVerified ? { kind: 'CardToken', tokenId: 't', verifiedAt: '2026-01-01T00:00:00Z' } : { kind: 'None' },
      decision,
    },
    status: {
      hardware: {
        macs: mac === undefined ? [] : [mac],
        ...(serial === undefined ? {} : { serial }),
        ...(duid === undefined ? {} : { duid }),
      },
      join: {
        ...{ schema: 1, state, attempt: 1, since: '2026-01-01T00:00:00Z', ticketedAt: '2026-01-01T00:00:00Z' },
        ...(nodeName === undefined ? {} : { nodeName }),
      },
      ...(claimed === undefined ? {} : { claimRef: { name: claimed, uid: `uid-${claimed}` } }),
      ...(hasNode ? { nodeRef: { name, uid: `uid-node-${name}` } } : {}),
    },
  };
}

function claimOf({ name, match, nodeName, replaces, minute }: ClaimFacts): DeviceClaim {
  return {
    apiVersion: 'usher.internal/v1alpha1',
    kind: 'DeviceClaim',
    metadata: { name, uid: `uid-${name}`, creationTimestamp: `2026-01-01T00:${String(minute)}:00Z` },
    spec: { match, ...(nodeName === undefined ? {} : { nodeName }), ...(replaces === undefined ? {} : { replaces }) },
  };
}

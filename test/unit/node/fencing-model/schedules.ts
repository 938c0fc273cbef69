import type { LeaseTerms } from '../../../../k8s/core/sensor-service/lease.ts';
import { Dice } from '../../../support/seeded.ts';
import type { Machine } from './machine.ts';
import type { Defects } from './service.ts';
import { termsOf, World } from './world.ts';

/** One fault of a kind, at the active node; or all kinds together. */
export const FAULTS = [
  'powerCut',
  'linkCut',
  'serviceKilled',
  'serviceFrozen',
  'standbyKilled',
  'apiOutage',
  'yield',
  'storeRestored',
  'holdLast',
  'chaos',
] as const;
export type Fault = (typeof FAULTS)[number];

type SingleFault = Exclude<Fault, 'chaos' | 'holdLast'>;

export interface Result {
  readonly violations: readonly string[];
  readonly gapsMs: readonly number[];
  readonly unfenceable: number;
  readonly begins: number;
  readonly isRough: boolean;
  readonly events: number;
}

/** How long the site has to settle, in lease durations, before anything happens. */
const SETTLED = 1.6;
const OVER = 4.5;

/** One random schedule: the same for the same seed, index and options. */
export function runSchedule(
  seed: number,
  index: number,
  options: { fault: Fault; profile: 'Default' | 'Fast'; defects?: Defects; terms?: Partial<LeaseTerms> },
): Result {
  const dice = new Dice(seed, index);
  const policies: Partial<LeaseTerms> = {
    fencing: dice.oneIn(12) ? 'None' : 'SelfFence',
    onControlPlaneLoss: options.fault === 'holdLast' ? 'HoldLast' : 'Safe',
    ...options.terms,
  };
  const terms = termsOf(options.profile, policies);
  // A standby that never heard of a holder cannot know that the store forgot it: docs/service-protocol.md names this.
  const isRough = dice.oneIn(2) && options.fault !== 'storeRestored';
  const world = new World({ dice, nodes: dice.oneIn(3) ? 3 : 2, terms, isRough, defects: options.defects ?? {} });
  const { leaseDurationMs } = terms;
  world.agenda.at(leaseDurationMs * SETTLED + dice.below(1_000), () => {
    if (options.fault === 'chaos' || options.fault === 'holdLast')
      stir(world, leaseDurationMs * (OVER - SETTLED - 0.5));
    else strike(world, options.fault);
  });
  world.agenda.runUntil(leaseDurationMs * OVER);
  const { violations, gapsMs, unfenceable, begins, agenda } = world;
  return { violations, gapsMs, unfenceable, begins, isRough, events: agenda.happened };
}

function strike(world: World, fault: SingleFault): void {
  const { dice, terms } = world;
  const victim = world.holder ?? dice.pick(world.machines);
  const longMs = terms.leaseDurationMs * 1.2 + dice.below(terms.leaseDurationMs);
  const acts: Record<SingleFault, () => void> = {
    powerCut: () => victim.cutPower(longMs),
    linkCut: () => {
      victim.linkCutUntilMs = world.agenda.nowMs + longMs;
    },
    serviceKilled: () => victim.killService(),
    serviceFrozen: () => victim.freezeService(longMs),
    standbyKilled: () => victim.crashStandby(longMs),
    apiOutage: () => {
      world.apiOutUntilMs = world.agenda.nowMs + longMs;
      world.apiHangs = dice.oneIn(2);
    },
    storeRestored: () => restore(world),
    yield: () => world.store.patch({ yieldTo: dice.pick(world.machines).name }),
  };
  acts[fault]();
}

/** The store goes back to before the last takeover, and who holds by then cannot hear of it. */
function restore(world: World): void {
  const { dice, agenda, store, terms } = world;
  const backup = store.lease;
  world.holder?.killService();
  agenda.at(agenda.nowMs + terms.leaseDurationMs + dice.below(3_000), () => {
    const { holder } = world;
    if (backup === undefined) return;
    if (holder !== undefined) holder.linkCutUntilMs = agenda.nowMs + terms.leaseDurationMs;
    store.restore(backup);
  });
}

/** An operator has seen that the holder is off, and lets another node take over. */
function vouch(world: World): void {
  const { lease } = world.store;
  const holder = world.machines.find(({ name }) => name === lease?.holder);
  if (lease === undefined || holder?.isOn !== false) return;
  world.store.patch({ takeoverBy: `${world.dice.pick(lease.candidates)}@${lease.epoch}` });
}

/** Several faults of any kind, overlapping as they like. */
function stir(world: World, forMs: number): void {
  const { dice, agenda } = world;
  const startMs = agenda.nowMs;
  for (let left = 2 + dice.below(6); left > 0; left -= 1) {
    agenda.at(startMs + dice.below(forMs), () => {
      const active = world.holder;
      disturb(world, active !== undefined && !dice.oneIn(3) ? active : dice.pick(world.machines));
    });
  }
}

function disturb(world: World, machine: Machine): void {
  const { dice, terms, store, agenda } = world;
  const someMs = dice.oneIn(3) ? dice.below(300) : dice.below(terms.leaseDurationMs * 1.5);
  const names = world.machines.map(({ name }) => name);
  const acts: (() => void)[] = [
    () => machine.cutPower(2_000 + someMs),
    () => machine.crashStandby(200 + someMs),
    () => machine.killService(),
    () => machine.freezeService(someMs),
    () => machine.freezeService(someMs),
    () => machine.pauseStandby(someMs),
    () => machine.pauseStandby(someMs),
    () => {
      machine.pauseStandby(someMs);
      machine.freezeService(dice.below(terms.leaseDurationMs * 1.5));
    },
    () => {
      machine.linkCutUntilMs = agenda.nowMs + someMs;
    },
    () => {
      machine.linkCutUntilMs = agenda.nowMs + someMs;
    },
    () => {
      world.apiOutUntilMs = agenda.nowMs + someMs;
      world.apiHangs = dice.oneIn(2);
    },
    () => store.patch({ yieldTo: dice.oneIn(3) ? undefined : dice.pick(names) }),
    () => store.patch({ candidates: dice.oneIn(3) ? [dice.pick(names)] : [...names].reverse() }),
    () => {
      const { fencing, onControlPlaneLoss } = terms;
      store.patch({ terms: termsOf(dice.pick(['Default', 'Fast']), { fencing, onControlPlaneLoss }) });
    },
    () => vouch(world),
    ...(terms.onControlPlaneLoss === 'HoldLast' ? [() => world.editToSafe()] : []),
    () => world.recreateLease(dice.below(500)),
  ];
  dice.pick(acts)();
}

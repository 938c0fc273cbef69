import fc from 'fast-check';
import { LEAVE_LIMIT_MS } from '../../../../k8s/core/sensor-service/placement.ts';
import { Dice } from '../../../support/seeded.ts';
import { type Event, eventLists, happen, type Scope } from './events.ts';
import type { Defects, Labels, Name } from './site.ts';
import { type Start, World } from './world.ts';

/** A site, and what happens to it. */
export interface Schedule {
  /** `a` and `b` are a pair from the start on. */
  readonly isPair: boolean;
  /** Who is there from the start on; `s` and the nodes of a pair always are. */
  readonly isThere: Readonly<Record<Exclude<Name, 's'>, boolean>>;
  readonly events: readonly Event[];
  /** In the end all boards are heard, and have their devices. */
  readonly heals: boolean;
}

export interface Result {
  readonly violations: readonly string[];
  readonly history: readonly string[];
}

const START_ROUNDS = 12;
/** Longer than whatever was begun goes on: a silent holder runs out, Kubernetes notices, somebody takes over. */
const SETTLED_ROUNDS = { SelfFence: 50, Watchdog: 100 } as const;
const QUIET_ROUNDS = 30;
/** While things happen the controller dies in one of so many rounds in which it has something to write. */
const DIES_ONE_IN = 6;

/** Random schedules. */
export function schedules(scope: Scope): fc.Arbitrary<Schedule> {
  return fc.record({
    isPair: fc.constantFrom(true, true, false),
    isThere: fc.record({ a: fc.boolean(), b: fc.boolean(), t: fc.boolean() }),
    events: eventLists(scope),
    heals: fc.boolean(),
  });
}

/** Runs a schedule to its end. Gives what is wrong, and what happened. */
export function runSchedule({ policy }: Scope, schedule: Schedule, defects: Defects = {}): Result {
  const world = new World(policy, startOf(schedule), defects);
  const settled = SETTLED_ROUNDS[policy.fencing];
  world.rounds(START_ROUNDS);
  for (const { happening, rounds, luck } of schedule.events) {
    world.dice = new Dice(luck);
    happen(world, happening);
    world.rounds(rounds, DIES_ONE_IN);
  }
  if (schedule.heals) world.heal();
  world.rounds(settled);
  const slept = overslept(world);
  // Until nodes that lost their labels wait for others no longer.
  world.sleepController(LEAVE_LIMIT_MS + 1_000);
  world.rounds(settled);
  const isHeld = policy.onControlPlaneLoss === 'HoldLast';
  if (isHeld && schedule.heals) {
    // KNOWN: a Lease that was made in the name of a silent node keeps that name, also when it is heard again.
    world.vouch();
    world.rounds(settled);
  }
  const violations = [...slept, ...restless(world), ...overslept(world), ...world.judge.violations];
  // KNOWN: while somebody is silent nobody takes over by itself.
  if (schedule.heals || !isHeld) violations.push(...darkUnits(world));
  return { violations, history: world.history };
}

function startOf({ isPair, isThere }: Schedule): Start {
  const alone = (labels: Labels, isPresent: boolean): Start[Name] => ({
    claim: { labels, pair: undefined },
    isPresent,
  });
  const paired = (role: 'Primary' | 'Backup'): Start[Name] => ({
    claim: { labels: 'left', pair: ['left', role] },
    isPresent: true,
  });
  const others = { s: alone('left', true), t: alone('left', isThere.t) };
  if (isPair) return { a: paired('Primary'), b: paired('Backup'), ...others };
  return { a: alone('none', isThere.a), b: alone('none', isThere.b), ...others };
}

function overslept(world: World): string[] {
  return world.sleepsOver ? ['the controller sleeps over something'] : [];
}

/** Whether the controller comes to rest; then all that act are judged as they stand. */
function restless(world: World): string[] {
  const { writes } = world;
  world.rounds(QUIET_ROUNDS);
  world.judge.judgeAll();
  return world.writes === writes ? [] : ['the controller does not come to rest'];
}

/** Units with a node that could act, and in which nobody does. */
function darkUnits(world: World): string[] {
  const { units, seats } = world.plan().placement;
  return units.flatMap(({ name, nodes }) => {
    const names = nodes.map(({ metadata }) => metadata.name);
    const seat = seats.find(({ unit }) => unit === name);
    if (!world.boards.some((board) => board.isFit && names.includes(board.name))) return [];
    if (seat !== undefined && world.judge.isActive(seat.leaseName)) return [];
    const lease = world.store.get(seat?.leaseName ?? '');
    return [`nobody acts in ${name}: ${JSON.stringify([lease?.metadata.annotations, lease?.spec])}`];
  });
}

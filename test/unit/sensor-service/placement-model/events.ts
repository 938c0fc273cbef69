import fc from 'fast-check';
import { type Claim, type Labels, type Name, NAMES, type Policy } from './site.ts';
import type { World } from './world.ts';

/** What faults and people do to a site. */
export type Happening =
  | { readonly what: 'cutLink' | 'cutPower' | 'hang' | 'comeBack' | 'leave' | 'unclaim' | 'join'; readonly node: Name }
  | { readonly what: 'unplug'; readonly node: Name; readonly endsProgram: boolean }
  | { readonly what: 'plug'; readonly node: Name }
  | { readonly what: 'edit'; readonly node: Name; readonly change: Partial<Claim> }
  | { readonly what: 'deleteLease'; readonly index: number }
  | { readonly what: 'vouch' };

/** Something that happens, and so many rounds after it. */
export interface Event {
  readonly happening: Happening;
  readonly rounds: number;
  /** Of the interleaving in these rounds; each event has its own, so that it stays when others are left out. */
  readonly luck: number;
}

/** What a schedule is made of. */
export interface Scope {
  readonly policy: Policy;
  /** Leases are deleted by hand, and claims are not edited; else it is the other way round. */
  readonly deletesLeases?: true;
}

/** Lists of events; claims of a pair are often edited one right after the other. */
export function eventLists({ policy, deletesLeases }: Scope): fc.Arbitrary<Event[]> {
  const pace = { rounds: fc.constantFrom(0, 1, 3, 16), luck: fc.noShrink(fc.nat()) };
  const alone = (happenings: fc.Arbitrary<Happening>): fc.Arbitrary<Event[]> =>
    fc.record({ happening: happenings, ...pace }).map((event) => [event]);
  const usual = [...faults(policy), ...(policy.onControlPlaneLoss === 'HoldLast' ? [VOUCH] : [])];
  if (deletesLeases === true) {
    const deletion = fc.record({ what: fc.constant('deleteLease' as const), index: fc.nat(3) });
    return lists(alone(fc.oneof(...usual, deletion)));
  }
  return lists(
    fc.oneof({ arbitrary: alone(fc.oneof(...usual, ...edits())), weight: 5 }, { arbitrary: editsOfPair(), weight: 2 }),
  );
}

/** Makes it happen. */
export function happen(world: World, happening: Happening): void {
  world.told(fc.stringify(happening));
  world.changed();
  switch (happening.what) {
    case 'edit':
      world.edit(happening.node, happening.change);
      return;
    case 'deleteLease':
      world.store.remove(world.store.names()[happening.index] ?? '');
      return;
    case 'vouch':
      world.vouch();
      return;
    case 'unplug':
      world.board(happening.node).unplug(happening.endsProgram);
      return;
    case 'leave':
    case 'unclaim':
    case 'join':
      world.move(happening.node, happening.what);
      return;
    default:
      world.board(happening.node)[happening.what]();
  }
}

const NODE = fc.constantFrom(...NAMES);
const VOUCH: fc.Arbitrary<Happening> = fc.constant({ what: 'vouch' });

function faults({ fencing }: Policy): fc.Arbitrary<Happening>[] {
  const silences = fc.constantFrom('cutLink' as const, 'cutPower' as const);
  const hangs = fc.record({ what: fc.constant('hang' as const), node: NODE });
  return [
    fc.record({ what: fc.oneof(silences, silences, fc.constant('comeBack' as const)), node: NODE }),
    fc.record({ what: fc.constantFrom('leave', 'unclaim', 'join'), node: NODE }),
    fc.oneof(
      fc.record({ what: fc.constant('unplug'), node: NODE, endsProgram: fc.boolean() }),
      fc.record({ what: fc.constant('plug'), node: NODE }),
    ),
    // Without a watchdog nothing fences a board that hangs.
    ...(fencing === 'Watchdog' ? [hangs, hangs] : []),
  ];
}

function edits(): fc.Arbitrary<Happening>[] {
  const edit = (
    names: readonly Name[],
    changeOf: (name: Name) => fc.Arbitrary<Partial<Claim>>,
  ): fc.Arbitrary<Happening> =>
    fc
      .constantFrom(...names)
      .chain((node) => fc.record({ what: fc.constant('edit'), node: fc.constant(node), change: changeOf(node) }));
  const labels = (...some: Labels[]): fc.Arbitrary<Partial<Claim>> =>
    fc.constantFrom(...some).map((one) => ({ labels: one }));
  const released = fc.constant<Claim>({ labels: 'none', pair: undefined });
  return [
    edit(['s', 't'], () => labels('left', 'right', 'bare')),
    edit(['a', 'b', 's'], (name) =>
      fc.constantFrom({ pair: undefined }, { pair: ['left', roleOf(name)] }, { pair: ['other', 'Backup'] }),
    ),
    edit(['a', 'b'], () => fc.oneof(labels('left', 'bare', 'none'), released)),
  ];
}

/** A pair is dissolved, or formed of lone nodes, one claim after the other. */
function editsOfPair(): fc.Arbitrary<Event[]> {
  const shape = {
    order: fc.constantFrom<Name[]>(['a', 'b'], ['b', 'a']),
    isEnd: fc.boolean(),
    name: fc.constantFrom('left', 'new'),
    isUnlike: fc.boolean(),
    rounds: fc.integer({ min: 0, max: 2 }),
    luck: fc.noShrink(fc.nat()),
  };
  return fc.record(shape).map(({ order, isEnd, name, isUnlike, ...pace }) =>
    order.flatMap((node): Event[] => {
      const labels = node === 'b' && isUnlike ? 'leftRack' : 'left';
      const change: Claim = isEnd ? { labels: 'none', pair: undefined } : { labels, pair: [name, roleOf(node)] };
      return [
        { happening: { what: 'join', node }, ...pace, rounds: 0 },
        { happening: { what: 'edit', node, change }, ...pace },
      ];
    }),
  );
}

function roleOf(name: Name): 'Primary' | 'Backup' {
  return name === 'a' ? 'Primary' : 'Backup';
}

function lists(some: fc.Arbitrary<Event[]>): fc.Arbitrary<Event[]> {
  return fc.array(some, { minLength: 1, maxLength: 6, size: 'max' }).map((parts) => parts.flat());
}

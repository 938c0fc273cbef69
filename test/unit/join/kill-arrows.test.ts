import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chart } from '../../../join/core/chart.ts';
import { JOIN_STATES } from '../../../k8s/core/resources.ts';
import { arrowsOfChart, arrowTaken, nameOf, type Arrow } from './chart-list.ts';
import { provoke, reach } from './provocations.ts';
import { Walk, type Trouble } from './walk.ts';

/** Where in the count of writes each arrow was taken, as the join controller walked the chart. */
const taken = vi.hoisted(() => ({ writes: (): number => 0, arrows: [] as { name: string; atWrite: number }[] }));

vi.mock(import('../../../join/core/step.ts'), async (original) => {
  const actual = await original();
  return {
    ...actual,
    step: (persisted, event, nowMs) => {
      const from = persisted === undefined ? undefined : actual.knownState(persisted);
      const arrow = from === undefined ? undefined : arrowTaken(from, { ...actual.FRESH_CONTEXT, ...persisted }, event);
      if (arrow !== undefined) taken.arrows.push({ name: nameOf(arrow), atWrite: taken.writes() });
      return actual.step(persisted, event, nowMs);
    },
  };
});

interface Outcome {
  readonly end: Awaited<ReturnType<Walk['end']>>;
  readonly isTroubled: boolean;
  /** The writes that the arrow itself asked for: from the moment it was taken to the next one. */
  readonly own: readonly number[];
}

async function walkAlong(arrow: Arrow, trouble: Trouble): Promise<Outcome> {
  const walk = await Walk.begin(trouble);
  taken.writes = () => walk.writes;
  await reach(walk, arrow);
  taken.arrows.length = 0;
  await provoke(walk, arrow);
  await walk.calm();
  return { end: await walk.end(), isTroubled: walk.isTroubled, own: ownWrites(arrow) };
}

function ownWrites(arrow: Arrow): number[] {
  const first = taken.arrows.findIndex(({ name }) => name === nameOf(arrow));
  const from = taken.arrows[first]?.atWrite;
  if (from === undefined) return [];
  const next = taken.arrows.slice(first + 1).find(({ atWrite }) => atWrite > from);
  const to = next?.atWrite ?? from + 1;
  return Array.from({ length: to - from }, (_, i) => from + 1 + i);
}

it('the chart has no arrow that the list of them could miss', () => {
  const { states = {}, ...root } = chart.config;
  expect(Object.keys(root)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(on|always|after|invoke)$/)]));
  expect(Object.keys(states).sort()).toEqual([...JOIN_STATES].sort());
  const drawn = Object.values(states).flatMap((state) => Object.keys(state));
  expect([...new Set(drawn)].sort()).toEqual(['description', 'on']);
});

describe('the appliance dies around every write of every arrow of the join chart', () => {
  beforeEach(() => {
    taken.arrows.length = 0;
  });

  it.each(arrowsOfChart().map((arrow) => [nameOf(arrow), arrow] as const))(
    '%s',
    { timeout: 120_000 },
    async (_, arrow) => {
      const unkilled = await walkAlong(arrow, {});
      expect(unkilled.own, `walked were: ${taken.arrows.map(({ name }) => name).join(', ')}`).not.toHaveLength(0);
      const { nodes, ...left } = unkilled.end;
      expect(left).toMatchObject({ tokens: [], names: ['master'], handlerErrors: [] });
      expect([nodes.length > 1, left.passwords > 1]).toEqual([false, false]);
      for (const write of unkilled.own) {
        for (const moment of ['before', 'after'] as const) {
          const killed = await walkAlong(arrow, { death: { write, moment } });
          expect({ write, moment, ...killed, own: [] }).toEqual({
            write,
            moment,
            ...unkilled,
            isTroubled: true,
            own: [],
          });
          const cut = await walkAlong(arrow, { outage: { write, moment } });
          expect({ write, moment, cut: cut.end }).toEqual({ write, moment, cut: unkilled.end });
        }
      }
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../../k8s/core/resources.ts';
import { planService } from '../../../k8s/core/sensor-service/planner.ts';
import { nodeFor, worldOf } from '../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

describe('a similar node', () => {
  it('may take over only where it has all labels of the claim', () => {
    const service = serviceOf('lathe', SENSOR, { failover: { takeover: 'SimilarNode' } });
    const left = { machine: 'lathe', location: 'left' };
    const nodes: Node[] = [
      nodeFor('pi-a', { labels: left, pair: ['left', 'Primary'] }),
      nodeFor('pi-b', { labels: left, pair: ['left', 'Backup'] }),
      nodeFor('pi-s', { labels: { ...left, floor: '2' } }),
      nodeFor('pi-r', { labels: { machine: 'lathe', location: 'right' } }),
    ];
    const { seats } = planService(worldOf({ service, nodes })).placement;
    expect(seats.find(({ unit }) => unit === 'left')?.candidates).toEqual(['pi-a', 'pi-b', 'pi-s']);
    expect(seats.find(({ unit }) => unit === 'pi-r')?.candidates).toEqual(['pi-r']);
  });

  describe('with device files', () => {
    const devices = [{ name: 'bus', path: '/dev/ttyUSB0' }];
    const service = serviceOf('lathe', SENSOR, { devices, failover: { takeover: 'SimilarNode' } });
    const left = { machine: 'lathe', location: 'left' };
    const pairOf = (name: string, labels: Record<string, string>): Node[] => [
      nodeFor(`${name}-1`, { labels, pair: [name, 'Primary'], service }),
      nodeFor(`${name}-2`, { labels, pair: [name, 'Backup'], service }),
    ];
    const unitsWith = (...nodes: Node[]): Record<string, readonly string[]> => {
      const { seats } = planService(worldOf({ service, nodes })).placement;
      return Object.fromEntries(seats.map(({ unit, candidates }) => [unit, candidates]));
    };

    it('makes a node that is similar to one pair its spare, after its nodes, and no unit by itself', () => {
      const spare = nodeFor('a-spare', { labels: { ...left, floor: '2' }, service });
      const right = pairOf('right', { ...left, location: 'right' });
      expect(unitsWith(spare, ...pairOf('left', left), ...right)).toEqual({
        left: ['left-1', 'left-2', 'a-spare'],
        right: ['right-1', 'right-2'],
      });
    });

    it('leaves a node by itself that is similar to two pairs, lacks a label, or has no claim', () => {
      const pairs = [...pairOf('left', { machine: 'lathe' }), ...pairOf('right', { machine: 'lathe' })];
      expect(unitsWith(nodeFor('pi-s', { service }), ...pairs)).toMatchObject({
        left: ['left-1', 'left-2'],
        'pi-s': ['pi-s'],
      });
      expect(unitsWith(nodeFor('pi-s', { service }), ...pairOf('left', left))).toHaveProperty('pi-s');
      const bare = pairOf('left', left).map((node) => ({
        ...node,
        metadata: { ...node.metadata, annotations: {} },
      }));
      expect(unitsWith(nodeFor('pi-s', { labels: left, service }), ...bare)).toHaveProperty('pi-s');
    });

    it('lets no pair stand in for another, and no lone node for a lone one', () => {
      expect(unitsWith(...pairOf('left', left), ...pairOf('right', left))).toEqual({
        left: ['left-1', 'left-2'],
        right: ['right-1', 'right-2'],
      });
      const lone = ['pi-s', 'pi-t'].map((name) => nodeFor(name, { labels: left, service }));
      expect(unitsWith(...lone)).toEqual({ 'pi-s': ['pi-s'], 'pi-t': ['pi-t'] });
    });

    it('never has one node in two units', () => {
      const names = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'left', 'right');
      const labels = fc.record({ location: fc.constantFrom('left', 'right') }, { requiredKeys: [] });
      const pair = fc.tuple(fc.constantFrom('left', 'right'), fc.constantFrom('Primary' as const, 'Backup' as const));
      const node = fc.record({ name: names, labels, pair: fc.option(pair, { nil: undefined }) });
      fc.assert(
        fc.property(fc.uniqueArray(node, { selector: ({ name }) => name, maxLength: 7 }), (some) => {
          const nodes = some.map(({ name, labels: own, pair: inPair }) => {
            return nodeFor(name, {
              labels: { machine: 'lathe', ...own },
              service,
              ...(inPair === undefined ? {} : { pair: inPair }),
            });
          });
          const candidates = Object.values(unitsWith(...nodes)).flat();
          expect(new Set(candidates).size).toBe(candidates.length);
        }),
      );
    });
  });
});

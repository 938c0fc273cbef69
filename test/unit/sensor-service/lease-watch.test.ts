import { describe, expect, it } from 'vitest';
import { type Lease, type LeaseSpec, leaseTermsOf, TERMS_ANNOTATION } from '../../../k8s/core/sensor-service/lease.ts';
import { LeaseWatch } from '../../../k8s/sensor-services/lease-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { leaseFor } from '../../support/sensor-service/service-world.ts';
import { NAMESPACE, SENSOR, serviceOf } from '../../support/sensor-service/services.ts';

const KEY = `${NAMESPACE}/lathe`;

function watched(): {
  clock: ManualClock;
  watch: LeaseWatch;
  news: string[];
  see: (spec: LeaseSpec) => void;
  lease: (spec: LeaseSpec) => Lease;
} {
  const clock = new ManualClock();
  const news: string[] = [];
  const watch = new LeaseWatch({ clock, onNews: (key) => news.push(key) });
  const lease = (spec: LeaseSpec): Lease => leaseFor('left', spec).lease;
  const see = (spec: LeaseSpec): void => watch.take({ type: 'updated', object: lease(spec) });
  return { clock, watch, news, see, lease };
}

describe('watching leases', () => {
  it('takes renewals for no news, and their end for some', () => {
    const { clock, watch, news, see } = watched();
    for (let second = 0; second < 30; second += 1) {
      see({ holderIdentity: 'pi-a', renewTime: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` });
      clock.advance(1000);
    }
    expect([news, watch.of(KEY)[0]?.isStale]).toEqual([[KEY], false]);
    clock.advance(5500);
    expect([news.length, watch.of(KEY)[0]?.isStale]).toEqual([2, true]);
    see({ holderIdentity: 'pi-a' });
    expect([news.length, watch.of(KEY)[0]?.isStale]).toEqual([3, false]);
  });

  it('counts a node with a watchdog as silent at once, and as harmless when it must have been reset', () => {
    const { clock, watch, news, lease } = watched();
    const { spec } = serviceOf('lathe', SENSOR, { failover: { fencing: 'Watchdog' } });
    const object = lease({ holderIdentity: 'pi-a' });
    object.metadata.annotations = { [TERMS_ANNOTATION]: JSON.stringify(leaseTermsOf(spec)) };
    watch.take({ type: 'updated', object });
    const sight = (): unknown[] => {
      const [seen] = watch.of(KEY);
      return [news.length, seen?.isStale, seen?.isSpent];
    };
    clock.advance(7_000);
    expect(sight()).toEqual([2, true, false]);
    clock.advance(15_000);
    expect(sight()).toEqual([2, true, false]);
    clock.advance(2_000);
    expect(sight()).toEqual([3, true, true]);
  });

  it('knows whether the holder before let go', () => {
    const { watch, see } = watched();
    const wasReleased = (): boolean | undefined => watch.of(KEY)[0]?.wasReleased;
    see({ holderIdentity: 'pi-a', leaseTransitions: 1 });
    see({ holderIdentity: 'pi-b', leaseTransitions: 2 });
    expect(wasReleased()).toBe(false);
    see({ holderIdentity: '', leaseTransitions: 2 });
    see({ holderIdentity: 'pi-a', leaseTransitions: 3 });
    see({ holderIdentity: 'pi-a', leaseTransitions: 3, renewTime: '2026-01-02T00:00:00Z' });
    expect(wasReleased()).toBe(true);
  });

  it('remembers for a while that a lease was deleted', () => {
    const { clock, watch, news, lease } = watched();
    watch.take({ type: 'deleted', object: lease({ holderIdentity: 'pi-a' }) });
    expect([news, watch.of(KEY), watch.goneOf(KEY)]).toEqual([[KEY], [], ['lathe.left']]);
    clock.advance(3_601_000);
    expect(watch.goneOf(KEY)).toEqual([]);
  });

  it('does not take its own standstill for the silence of others', () => {
    const { watch, see } = watched();
    see({ holderIdentity: 'pi-a' });
    // The timers of a process that was stopped fire late, all at once.
    const late = new LateClock();
    const other = new LeaseWatch({ clock: late, onNews: () => undefined });
    other.take({ type: 'added', object: watch.of(KEY)[0]?.lease ?? leaseFor('left', {}).lease });
    late.jump(60_000);
    expect(other.of(KEY)[0]?.isStale).toBe(false);
  });
});

/** Fires what is armed only after the jump. */
class LateClock extends ManualClock {
  #skewMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.#skewMs;
  }
  jump(ms: number): void {
    this.#skewMs += ms;
    this.advance(500);
  }
}

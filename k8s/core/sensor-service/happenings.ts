import type { SensorServiceStatus, ServiceConditionType } from './sensor-service.ts';

/** What the conditions say when all is well; what is not listed tells no story. */
const GOOD: Partial<Record<ServiceConditionType, 'True' | 'False'>> = {
  Ready: 'True',
  PlacementSatisfied: 'True',
  DevicesAvailable: 'True',
  FencingEffective: 'True',
  Degraded: 'False',
};
/** Steps on the way, and their ends, which are no news. */
const STEPS = ['Starting', 'NotStarted', 'Settled', 'WatchdogNotSeen'];

/** One line of the story of a service, as a Kubernetes Event tells it. */
interface Happening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly action: string;
}

/** What is new between two statuses: units that changed hands, and conditions that turned. */
export function happeningsOf(before: SensorServiceStatus | undefined, after: SensorServiceStatus): Happening[] {
  const all = [...handovers(before, after), ...turns(before, after)];
  // Several conditions may say the same.
  return all.filter(({ message }, index) => all.findIndex((other) => other.message === message) === index);
}

function handovers(before: SensorServiceStatus | undefined, after: SensorServiceStatus): Happening[] {
  return (after.units ?? []).flatMap(({ name, active, handovers: count = 0, lastHandover }): Happening[] => {
    const known = before?.units?.find((unit) => unit.name === name);
    if (lastHandover === undefined || count === (known?.handovers ?? 0)) return [];
    const { from, to, reason } = lastHandover;
    const epoch = active === undefined ? '' : ` (epoch ${String(active.epoch)})`;
    return reason === 'Expired'
      ? [
          {
            type: 'Warning',
            reason: 'TakenOver',
            action: 'TakeOver',
            message: `unit ${name}: ${to} took over from ${from}, which went silent${epoch}`,
          },
        ]
      : [
          {
            type: 'Normal',
            reason: 'HandedOver',
            action: 'HandOver',
            message: `unit ${name}: ${from} handed over to ${to}${epoch}`,
          },
        ];
  });
}

function turns(before: SensorServiceStatus | undefined, after: SensorServiceStatus): Happening[] {
  return (after.conditions ?? []).flatMap(({ type, status, reason, message }): Happening[] => {
    const known = before?.conditions?.find((condition) => condition.type === type);
    const good = GOOD[type];
    if (known?.status === status && known.reason === reason) return [];
    if (type === 'Progressing') {
      if (STEPS.includes(reason)) return [];
      return [{ type: status === 'True' ? 'Normal' : 'Warning', reason, action: 'Progress', message }];
    }
    if (good === undefined || STEPS.includes(reason)) return [];
    // That it is well from the start, or that one bad thing gave way to none, is told once, by Ready.
    if (status === good) return type === 'Ready' ? [{ type: 'Normal', reason, action: 'Run', message }] : [];
    return status === 'Unknown' ? [] : [{ type: 'Warning', reason, action: 'Run', message }];
  });
}

import type { Alarm, AlarmBook } from '../../k8s/alarms.ts';
import type { AlarmView } from '../core/schemas.ts';

/** The part of the alarm book that operators see. */
export type AlarmSource = Pick<AlarmBook, 'list' | 'acknowledge' | 'onChange'>;

/** For an appliance without an alarm book, as in tests. */
export const NO_ALARMS: AlarmSource = {
  list: () => [],
  acknowledge: () => Promise.resolve(false),
  onChange: () => () => undefined,
};

/** The alarms that nobody acknowledged yet, as operators see them. */
export function alarmViews(alarms: AlarmSource): AlarmView[] {
  return alarms.list().map(alarmView);
}

function alarmView({ id, code, message, remedy, since, device, nodeName }: Alarm): AlarmView {
  return {
    ...{ id, code, message, remedy, since },
    ...(device === undefined ? {} : { device }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

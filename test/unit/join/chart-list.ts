import { chart, type JoinContext, type JoinEvent, type JoinEventType } from '../../../join/core/chart.ts';
import { JOIN_STATES, type JoinState } from '../../../k8s/core/resources.ts';

/** One arrow of the join chart: what the event does in the state, on one branch of its guards. */
export interface Arrow {
  readonly from: JoinState;
  readonly event: JoinEventType;
  readonly to: JoinState;
  /** Name of the guard that must let it pass. */
  readonly guard?: string;
}

interface Branch {
  readonly target?: JoinState;
  readonly guard?: string;
}

/** `pending APPROVE approved`, and the guard in brackets where there is one. */
export function nameOf({ from, event, to, guard }: Arrow): string {
  return `${from} ${event} ${to}${guard === undefined ? '' : ` [${guard}]`}`;
}

/** The arrow that the chart takes for this event, as it stands in {@link arrowsOfChart}. */
export function arrowTaken(from: JoinState, context: JoinContext, event: JoinEvent): Arrow | undefined {
  const snapshot = chart.resolveState({ value: from, context });
  const [taken] = chart.getTransitionData(snapshot, { ...event, at: '' });
  if (taken === undefined) return undefined;
  const guard = typeof taken.guard === 'string' ? { guard: taken.guard } : {};
  return { from, event: event.type, to: (taken.target?.[0]?.key ?? from) as JoinState, ...guard };
}

/** Every arrow of the chart, read from the chart itself: what is drawn there later is in this list without a change here. */
export function arrowsOfChart(): Arrow[] {
  const states: Partial<Record<JoinState, { on?: object }>> = chart.config.states ?? {};
  return JOIN_STATES.flatMap((from) =>
    Object.entries(states[from]?.on ?? {}).flatMap(([event, drawn]) => {
      const branches = (Array.isArray(drawn) ? drawn : [drawn]) as readonly Branch[];
      return branches.map(({ target, guard }): Arrow => {
        const arrow = { from, event: event as JoinEventType, to: target ?? from };
        return guard === undefined ? arrow : { ...arrow, guard };
      });
    }),
  );
}

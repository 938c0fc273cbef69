import type { Condition, Node } from '../resources.ts';
import type { ServiceConditionType } from './sensor-service.ts';
import { watchdogProblem } from './watchdog.ts';
import { namesOf } from './wording.ts';

/** Whether the watchdogs of these nodes, which may hold a unit, would reset them: the condition FencingEffective. */
export function watchdogVerdict(
  nodes: readonly Node[],
): Pick<Condition<ServiceConditionType>, 'status' | 'reason' | 'message'> {
  if (nodes.length === 0) {
    const message = 'no node is there that could have a hardware watchdog';
    return { status: 'Unknown', reason: 'NoMatchingNode', message };
  }
  const problems = nodes.flatMap((node) => watchdogProblem(node) ?? []);
  const [first] = problems;
  if (first === undefined) {
    const armed = namesOf(nodes.map(({ metadata }) => metadata.name).sort());
    const message = `the old node stops by its own clock, and its hardware watchdog resets it within 15 seconds when it hangs: armed on ${armed}`;
    return { status: 'True', reason: 'WatchdogArmed', message };
  }
  const certain = problems.find(({ reason }) => reason !== 'WatchdogNotSeen' && reason !== 'WatchdogNotArmed');
  return {
    status: certain === undefined ? 'Unknown' : 'False',
    reason: (certain ?? first).reason,
    message: problems.map(({ message }) => message).join('; '),
  };
}

import { isFit, type Problem } from './instances.ts';
import type { ServicePlan } from './planner.ts';
import { epochOf, holderOf } from './lease.ts';
import { bindsLast } from './lease-plan.ts';
import type { Seat, ServiceWorld } from './placement.ts';
import { deviceText } from './resource-names.ts';
import type { WatchdogProblem } from './watchdog.ts';
import {
  type ControlPlaneLoss,
  type DeviceRule,
  type FailoverMode,
  failoverOf,
  type UnitStatus,
} from './sensor-service.ts';
import { type OutsideNode, outsideNodes } from './wording.ts';

/** What a service does on one node. */
export type InstanceState = 'Active' | 'Standby' | 'NotRunning';

/** One service on one node, for people. */
export interface InstanceView {
  readonly node: string;
  /** The unit that the node is in. */
  readonly unit: string;
  readonly state: InstanceState;
  /** Why it does not run, in one sentence; there exactly when it does not. */
  readonly why?: string;
  readonly reason?: Problem['reason'] | WatchdogProblem['reason'];
}

/** One service with where it runs. */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Sensor' | 'Actuator';
  readonly image: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly isReady: boolean;
  /** The sentence of the condition Ready. */
  readonly message: string;
  /** Sentences of the other conditions that are not as they should be. */
  readonly warnings: readonly string[];
  readonly safeState?: string;
  readonly mode: FailoverMode;
  readonly onControlPlaneLoss: ControlPlaneLoss;
  /** As people call them. */
  readonly devices: readonly string[];
  readonly deviceRules: readonly Pick<DeviceRule, 'path' | 'usb'>[];
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
  readonly units: readonly UnitView[];
  /** Nodes that have the labels and are in no unit nevertheless. */
  readonly outside: readonly OutsideNode[];
}

/** One unit of a service, for people. */
export interface UnitView {
  readonly name: string;
  readonly active?: NonNullable<UnitStatus['active']>;
  readonly lastHandover?: NonNullable<UnitStatus['lastHandover']>;
  readonly instances: readonly InstanceView[];
  readonly problems: readonly string[];
  /** A node that comes before the active one and is ready, with failback Manual: a hint for people, no problem. */
  readonly handBackTo?: string;
  /** The one Lease that can change hands, by its own record; a unit whose nodes are all active has none. */
  readonly lease?: {
    readonly name: string;
    /** Who holds it by its record, also when silent. */
    readonly holder?: string;
    readonly epoch: number;
    /** Who may take it, in order of preference. */
    readonly candidates: readonly { readonly node: string; readonly isReady: boolean }[];
  };
}

const GOOD = { PlacementSatisfied: 'True', DevicesAvailable: 'True', Degraded: 'False' } as const;

/** How a service stands, from its plan. */
export function serviceView(
  { service }: Pick<ServiceWorld, 'service'>,
  { status, placement, handBackTo }: ServicePlan,
): ServiceView {
  const { metadata, spec } = service;
  const { conditions = [] } = status;
  const failover = failoverOf(spec);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const warnings = conditions.filter(
    ({ type, status: value, reason }) =>
      (type in GOOD && GOOD[type as keyof typeof GOOD] !== value) ||
      reason === 'UpdateStuck' ||
      // That fencing is None somebody chose; that a watchdog is missing, nobody did.
      (type === 'FencingEffective' && value === 'False' && reason !== 'SwitchedOff'),
  );
  const placed = [...placement.units.map((unit) => [unit.name, unit.nodes.map((node) => node.metadata.name)] as const)];
  const isLastBound = placement.seats.some(({ seen }) => seen !== undefined && bindsLast(seen));
  const outside = outsideNodes(placement);
  const leaving = placement.seats.filter(({ members }) => members.length === 0);
  return {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    type: spec.type,
    image: spec.container.image,
    nodeSelector: spec.nodeSelector,
    isReady: ready?.status === 'True',
    message: ready?.message ?? '',
    warnings: [...new Set([...warnings.map(({ message }) => message), ...outside.map(({ why }) => why)])],
    ...(spec.actuator === undefined ? {} : { safeState: spec.actuator.safeState }),
    mode: failover.mode,
    // What binds, where an edit does not count yet.
    onControlPlaneLoss: isLastBound ? 'HoldLast' : failover.onControlPlaneLoss,
    devices: (spec.devices ?? []).map(deviceText),
    deviceRules: (spec.devices ?? []).map(({ path, usb }) => ({
      ...(path === undefined ? {} : { path }),
      ...(usb === undefined ? {} : { usb }),
    })),
    publishes: (spec.mqtt?.publish ?? []).map(({ topic }) => topic),
    subscribes: (spec.mqtt?.subscribe ?? []).map(({ filter }) => filter),
    units: [...placed, ...leaving.map(({ unit, candidates }) => [unit, candidates] as const)].map(([name, nodes]) => {
      const shown = status.units?.find((unit) => unit.name === name);
      const better = handBackTo.get(name);
      return {
        name,
        ...(shown?.active === undefined ? {} : { active: shown.active }),
        ...(shown?.lastHandover === undefined ? {} : { lastHandover: shown.lastHandover }),
        ...(failover.mode === 'ActiveActive' ? {} : leaseOf(name, placement)),
        instances: nodes.map((node) => instanceView(node, name, placement)),
        problems: shown?.problems ?? [],
        ...(better === undefined ? {} : { handBackTo: better }),
      };
    }),
    outside,
  };
}

function leaseOf(unit: string, { seats, instances }: ServicePlan['placement']): Pick<UnitView, 'lease'> {
  const seat: Seat | undefined = seats.find((each) => each.unit === unit);
  if (seat === undefined) return {};
  const { leaseName, candidates, seen } = seat;
  const holder = seen === undefined ? undefined : holderOf(seen.lease);
  return {
    lease: {
      name: leaseName,
      ...(holder === undefined ? {} : { holder }),
      epoch: seen === undefined ? 0 : epochOf(seen.lease),
      candidates: candidates.map((node) => ({ node, isReady: isFit(instances.get(node)) })),
    },
  };
}

function instanceView(
  node: string,
  unit: string,
  { instances, seats, barred }: ServicePlan['placement'],
): InstanceView {
  const instance = instances.get(node);
  const isActive = seats.some((seat) => seat.unit === unit && seat.holder === node);
  const problem = barred.get(node) ?? instance?.problem;
  const isStandby = isFit(instance) && !barred.has(node);
  const state = isActive ? 'Active' : isStandby ? 'Standby' : 'NotRunning';
  if (state !== 'NotRunning') return { node, unit, state };
  return {
    node,
    unit,
    state,
    why: problem?.message ?? `it is not started on node ${node} yet`,
    ...(problem === undefined ? {} : { reason: problem.reason }),
  };
}

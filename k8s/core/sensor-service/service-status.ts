import { toRfc3339 } from '../../../foundation/clock.ts';
import { setCondition } from '../conditions.ts';
import type { Condition } from '../resources.ts';
import { type Instance, isFit, type Problem } from './instances.ts';
import { holderOf } from './lease.ts';
import { bindsLast, seatEpoch, silentBonds } from './lease-plan.ts';
import { stuckUpdate } from './moves.ts';
import type { Placement, Seat, ServiceWorld } from './placement.ts';
import {
  failoverOf,
  type SensorService,
  type SensorServiceStatus,
  type ServiceConditionType,
  type UnitStatus,
} from './sensor-service.ts';
import { watchdogVerdict } from './watchdog-verdict.ts';
import { claimsToCome, labelText, namesOf, outsideNodes } from './wording.ts';

type Verdict = Omit<Condition<ServiceConditionType>, 'lastTransitionTime' | 'type'>;

const MOST_PROBLEMS = 32;

/** The status of a service; equal to the one before when nothing happened. */
export function statusOf(world: ServiceWorld, placement: Placement): SensorServiceStatus {
  const { service, nowMs } = world;
  const { generation } = service.metadata;
  const units = placement.units.map(({ name }) => unitStatus(name, world, placement));
  const placed = placementVerdict(world, placement);
  const verdicts: Record<ServiceConditionType, Verdict> = {
    Ready: readiness(units, placement, placed),
    PlacementSatisfied: placed,
    DevicesAvailable: devicesVerdict(service, placement),
    FencingEffective: fencingVerdict(world, placement),
    Progressing: progressVerdict(service, placement),
    Degraded: degradedVerdict(units, placement),
  };
  let conditions = service.status?.conditions;
  for (const [type, verdict] of Object.entries(verdicts)) {
    const observed = generation === undefined ? {} : { observedGeneration: generation };
    conditions = setCondition(conditions, { type: type as ServiceConditionType, ...verdict, ...observed }, nowMs);
  }
  const instances = placement.matched.flatMap(({ metadata }) => placement.instances.get(metadata.name) ?? []);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    unitNames: namesOf(units.map(({ name }) => name)),
    activeNodes: units.map((unit) => `${unit.name}=${activeText(unit.name, placement)}`).join(' '),
    standbyNodes: namesOf(
      units.flatMap(({ standby = [] }) => standby.filter(({ ready }) => ready).map(({ node }) => node)),
    ),
    units,
    nodes: {
      matched: instances.length,
      ready: instances.filter(({ isReady }) => isReady).length,
      withDevices: instances.filter(({ problem }) => !isOfDevice(problem)).length,
    },
    conditions: conditions ?? [],
  };
}

function unitStatus(name: string, world: ServiceWorld, placement: Placement): UnitStatus {
  const seats = placement.seats.filter(({ unit }) => unit === name);
  const before = world.service.status?.units?.find((unit) => unit.name === name);
  const held = seats.find(({ holder }) => holder !== undefined);
  const holders = seats.map(({ holder }) => holder);
  const others = [...new Set(seats.flatMap(({ candidates }) => candidates))].filter((node) => !holders.includes(node));
  const last = heldLast(seats, world);
  const silent = last.length > 0 ? last : boundLast(seats, world, placement);
  // While a silent holder may drive on, it is no fault that nobody else takes the lease.
  const problems = [...silent, ...problemsOf(name, silent.length === 0 ? seats : [], placement)].slice(
    0,
    MOST_PROBLEMS,
  );
  return {
    name,
    ...(held === undefined ? {} : { active: activeOf(held, before, world) }),
    ...handoverOf(held, before, world),
    standby: others.map((node) => ({ node, ready: isFit(placement.instances.get(node)) })),
    ...(problems.length === 0 ? {} : { problems }),
  };
}

function activeOf(
  seat: Seat,
  before: UnitStatus | undefined,
  { nowMs }: ServiceWorld,
): NonNullable<UnitStatus['active']> {
  const node = seat.holder ?? '';
  const epoch = seatEpoch(seat);
  const known = before?.active;
  if (known?.node === node && known.epoch === epoch) return known;
  const at = Date.parse(seat.seen?.lease.spec?.acquireTime ?? '');
  return { node, epoch, since: toRfc3339(Number.isNaN(at) ? nowMs : at) };
}

/** Who was active last, and the last change between two nodes. */
function handoverOf(
  held: Seat | undefined,
  before: UnitStatus | undefined,
  { nowMs }: ServiceWorld,
): Pick<UnitStatus, 'lastActive' | 'handovers' | 'lastHandover'> {
  const kept = {
    ...(before?.lastActive === undefined ? {} : { lastActive: before.lastActive }),
    handovers: before?.handovers ?? 0,
    ...(before?.lastHandover === undefined ? {} : { lastHandover: before.lastHandover }),
  };
  if (held?.holder === undefined) return kept;
  const lastActive = { node: held.holder, epoch: seatEpoch(held) };
  const from = before?.lastActive?.node;
  if (from === undefined || from === held.holder) return { ...kept, lastActive };
  return {
    lastActive,
    handovers: kept.handovers + 1,
    lastHandover: {
      time: toRfc3339(nowMs),
      from,
      to: held.holder,
      reason: held.seen?.wasReleased === true ? 'Released' : 'Expired',
    },
  };
}

/** A silent holder that may drive on: nobody takes over without a person's word. */
function heldLast(seats: readonly Seat[], { service }: ServiceWorld): string[] {
  const { onControlPlaneLoss } = failoverOf(service.spec);
  return seats.flatMap(({ holder, seen }) => {
    const silent = seen === undefined ? undefined : holderOf(seen.lease);
    if (holder !== undefined || seen === undefined || silent === undefined) return [];
    const why = `node ${silent} went silent and may drive on (HoldLast): make sure that it is off, then take the unit over`;
    if (onControlPlaneLoss === 'HoldLast') return [why];
    if (!bindsLast(seen)) return [];
    return [why, `onControlPlaneLoss Safe counts once node ${silent} is heard again or the unit was taken over`];
  });
}

/** A node that went silent as another unit, which is no more, and may drive on: nobody begins beside it. */
function boundLast(seats: readonly Seat[], world: ServiceWorld, placement: Placement): string[] {
  const silent = seats.flatMap((seat) => silentBonds(seat, world, placement.seats));
  return silent.map(
    ({ node, unit }) =>
      `node ${node} went silent as unit ${unit} and may drive on (HoldLast): switch it on, or make sure that it is off and unclaim it`,
  );
}

function problemsOf(name: string, seats: readonly Seat[], { instances, units, barred }: Placement): string[] {
  const members = units.find((unit) => unit.name === name)?.nodes ?? [];
  const found = members
    .flatMap(({ metadata }) => [barred.get(metadata.name), instances.get(metadata.name)?.problem])
    .flatMap((problem) => problem?.message ?? []);
  const idle = seats.flatMap(({ holder, candidates }) => {
    const ready = candidates.find((node) => isFit(instances.get(node)));
    return holder === undefined && ready !== undefined
      ? [`it is ready on node ${ready}, but nobody has the lease: see the pod of usher-node on that node`]
      : [];
  });
  return [...found, ...idle];
}

function readiness(units: readonly UnitStatus[], placement: Placement, placed: Verdict): Verdict {
  if (units.length === 0) return { ...placed, status: 'False' };
  const idle = units.find(({ active }) => active === undefined);
  if (idle === undefined) {
    const where = units.map(({ name }) => `${name} (${activeText(name, placement)})`).join(', ');
    return { status: 'True', reason: 'Active', message: `active in ${where}` };
  }
  const [why = 'nobody has the lease yet'] = idle.problems ?? [];
  const members = placement.units.find(({ name }) => name === idle.name)?.nodes ?? [];
  const problem = members.flatMap(
    ({ metadata }) => placement.barred.get(metadata.name) ?? placement.instances.get(metadata.name)?.problem ?? [],
  )[0];
  return { status: 'False', reason: problem?.reason ?? 'NotActive', message: `unit ${idle.name}: ${why}` };
}

function placementVerdict(world: ServiceWorld, placement: Placement): Verdict {
  const { matched, units, instances } = placement;
  const { nodeSelector } = world.service.spec;
  const [outsider] = outsideNodes(placement);
  if (outsider !== undefined) return { status: 'False', reason: 'AmbiguousUnit', message: outsider.why };
  if (matched.length === 0) {
    const coming = claimsToCome(world.claims, nodeSelector);
    const hint =
      coming.length === 0
        ? 'give a claim these labels'
        : `${namesOf(coming)} ${coming.length === 1 ? 'has' : 'have'} them, and waits for its device to join`;
    return { status: 'False', reason: 'NoMatchingNode', message: `no node has ${labelText(nodeSelector)}: ${hint}` };
  }
  const hindered = [...instances.values()].find(({ problem }) => problem?.reason === 'NodeTainted')?.problem;
  if (hindered !== undefined) return { status: 'False', reason: hindered.reason, message: hindered.message };
  const [bar] = placement.barred.values();
  if (bar !== undefined) return { status: 'False', reason: bar.reason, message: bar.message };
  const placed = `${String(matched.length)} ${matched.length === 1 ? 'node' : 'nodes'} in ${String(units.length)} ${units.length === 1 ? 'unit' : 'units'}`;
  const similar = namesOf([...placement.similar].sort());
  const message = similar === '' ? placed : `${placed}; similar nodes behind a pair: ${similar}`;
  return { status: 'True', reason: 'Placed', message };
}

function devicesVerdict({ spec }: SensorService, { instances }: Placement): Verdict {
  if ((spec.devices ?? []).length === 0) {
    return { status: 'True', reason: 'NoDevicesNeeded', message: 'it needs no device files' };
  }
  const problems = [...instances.values()].flatMap(({ problem }) => problem ?? []);
  const missing = problems.filter(isOfDevice);
  const [first] = missing;
  if (first !== undefined) {
    return { status: 'False', reason: first.reason, message: missing.map(({ message }) => message).join('; ') };
  }
  const unknown = problems.find(({ reason }) => reason === 'NodeAgentMissing' || reason === 'NodeNotReady');
  if (unknown !== undefined || instances.size === 0) {
    const message = unknown?.message ?? 'no node is there to have them';
    return { status: 'Unknown', reason: unknown?.reason ?? 'NoMatchingNode', message };
  }
  return { status: 'True', reason: 'Present', message: 'every node has all its devices' };
}

function fencingVerdict({ service: { spec }, nodes }: ServiceWorld, { matched, seats }: Placement): Verdict {
  const { mode, fencing } = failoverOf(spec);
  if (mode === 'ActiveActive') {
    return { status: 'True', reason: 'NotNeeded', message: 'all its nodes are active side by side' };
  }
  switch (fencing) {
    case 'None':
      return { status: 'False', reason: 'SwitchedOff', message: 'two nodes may be active at once: fencing is None' };
    case 'Watchdog': {
      const candidates = seats.flatMap((seat) => seat.candidates);
      return watchdogVerdict(nodes.filter((node) => matched.includes(node) || candidates.includes(node.metadata.name)));
    }
    case 'SelfFence':
      return {
        status: 'True',
        reason: 'SelfFence',
        message: 'the old node stops by its own clock before a new one starts',
      };
  }
}

function progressVerdict(service: SensorService, placement: Placement): Verdict {
  const { instances, leaving } = placement;
  const stuck = stuckUpdate(service, placement);
  if (stuck !== undefined) {
    const { problem, running, isOfVersion } = stuck;
    const old = running.pod?.spec?.containers?.[0]?.image ?? service.spec.container.image;
    const node = nameOf(running);
    const rest = isOfVersion
      ? `node ${node} goes on with the old version; put ${old} back, or correct the new one`
      : `until then node ${node} goes on with the old version; with spec.update.order AllAtOnce it does not wait`;
    return { status: 'False', reason: 'UpdateStuck', message: `${problem.message}; ${rest}` };
  }
  const outdated = [...instances.values()].filter(({ isOutdated }) => isOutdated).map(nameOf);
  if (outdated.length > 0) {
    const message = `updating: ${namesOf(outdated)} ${outdated.length === 1 ? 'has' : 'have'} the old version`;
    return { status: 'True', reason: 'Updating', message };
  }
  if (leaving.size > 0) {
    const message = `moving: it goes on on ${namesOf([...leaving.keys()])} until it is active on the nodes that have the labels now`;
    return { status: 'True', reason: 'Moving', message };
  }
  const starting = [...instances.values()].filter(
    ({ problem }) => problem?.reason === 'Starting' || problem?.reason === 'NotStarted',
  );
  if (starting.length > 0) {
    return { status: 'True', reason: 'Starting', message: `starting on ${namesOf(starting.map(nameOf))}` };
  }
  return { status: 'False', reason: 'Settled', message: 'nothing is being changed' };
}

function degradedVerdict(units: readonly UnitStatus[], { seats, instances, barred }: Placement): Verdict {
  const barredOf = (name: string): string[] =>
    seats.filter(({ unit }) => unit === name).flatMap(({ members }) => members.filter((node) => barred.has(node)));
  const bad = units.find(({ name, active, standby = [] }) => {
    const ofUnit = seats.filter(({ unit }) => unit === name);
    const isShared = barredOf(name).length > 0 || ofUnit.some(({ candidates }) => candidates.length > 1);
    return active !== undefined && isShared && !standby.some(({ ready }) => ready);
  });
  if (bad === undefined) return { status: 'False', reason: 'AsWanted', message: 'nothing is missing' };
  const why = [
    ...barredOf(bad.name).flatMap((node) => barred.get(node)?.message ?? []),
    ...(bad.standby ?? []).flatMap(({ node }) => instances.get(node)?.problem?.message ?? []),
  ];
  return { status: 'True', reason: 'NoStandby', message: `unit ${bad.name} has no standby: ${why.join('; ')}` };
}

function activeText(unit: string, { seats }: Placement): string {
  const holders = seats.filter((seat) => seat.unit === unit).flatMap(({ holder }) => holder ?? []);
  return holders.length === 0 ? '-' : holders.join('+');
}

function isOfDevice(problem: Problem | undefined): boolean {
  return problem?.reason === 'DeviceMissing' || problem?.reason === 'DeviceTaken';
}

function nameOf({ node }: Instance): string {
  return node.metadata.name;
}

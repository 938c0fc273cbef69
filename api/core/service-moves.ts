import { UsherError } from '../../foundation/errors.ts';
import type { ServiceView, UnitView } from '../../k8s/core/sensor-service/service-view.ts';
import type { TakeoverRequest } from './schemas/services.ts';

/** A unit with the Lease that can change hands. */
export type MovableUnit = UnitView & { readonly lease: NonNullable<UnitView['lease']> };

/** @throws UsherError SERVICE_UNKNOWN */
export function findService(services: readonly ServiceView[], namespace: string, name: string): ServiceView {
  const found = services.find((each) => each.namespace === namespace && each.name === name);
  if (found === undefined) throw new UsherError('SERVICE_UNKNOWN', { service: `${namespace}/${name}` });
  return found;
}

/** The unit that is to be handed to `to`. @throws UsherError SERVICE_UNIT_*, SERVICE_NODE_*, SERVICE_ALREADY_ACTIVE */
export function checkHandover(service: ServiceView, name: string, to: string): MovableUnit {
  const unit = movableUnit(service, name);
  if (unit.active === undefined) throw new UsherError('SERVICE_UNIT_IDLE', { unit: name });
  checkTarget(service, unit, to);
  return unit;
}

/**
 * The unit that `to` may take from its silent holder.
 * @throws UsherError TAKEOVER_NOT_NEEDED, PRECONDITION_FAILED when the holder is no longer the one that was seen, and as
 * {@link checkHandover}
 */
export function checkTakeover(service: ServiceView, name: string, { to, epoch }: TakeoverRequest): MovableUnit {
  const unit = movableUnit(service, name);
  const isHeldLast = service.onControlPlaneLoss === 'HoldLast' && unit.lease.holder !== undefined;
  if (unit.active !== undefined || !isHeldLast) throw new UsherError('TAKEOVER_NOT_NEEDED', { unit: name });
  if (epoch !== undefined && epoch !== unit.lease.epoch) {
    throw new UsherError('PRECONDITION_FAILED', { what: `Unit ${name}` });
  }
  checkTarget(service, unit, to);
  return unit;
}

function movableUnit(service: ServiceView, name: string): MovableUnit {
  const unit = service.units.find((each) => each.name === name);
  if (unit?.lease === undefined) {
    throw new UsherError('SERVICE_UNIT_UNKNOWN', { service: `${service.namespace}/${service.name}`, unit: name });
  }
  return { ...unit, lease: unit.lease };
}

function checkTarget({ units }: ServiceView, { name, active, lease }: MovableUnit, node: string): void {
  if (active?.node === node) throw new UsherError('SERVICE_ALREADY_ACTIVE', { unit: name, node });
  const candidate = lease.candidates.find((each) => each.node === node);
  if (candidate === undefined) {
    const candidates = lease.candidates.map((each) => each.node).join(', ');
    throw new UsherError('SERVICE_NODE_NO_CANDIDATE', { unit: name, node, candidates });
  }
  if (candidate.isReady) return;
  const instance = units.flatMap(({ instances }) => instances).find((each) => each.node === node);
  throw new UsherError('SERVICE_NODE_NOT_READY', {
    unit: name,
    node,
    why: instance?.why ?? `node ${node} is not ready`,
  });
}

import { Router } from 'express';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import {
  LEASE,
  TAKEOVER_BY_ANNOTATION,
  YIELD_REASON_ANNOTATION,
  YIELD_TO_ANNOTATION,
} from '../../../k8s/core/sensor-service/lease.ts';
import type { ServiceView } from '../../../k8s/core/sensor-service/service-view.ts';
import { HandoverRequest, TakeoverRequest, type SensorServiceList } from '../../core/schemas/services.ts';
import { checkHandover, checkTakeover, findService, type MovableUnit } from '../../core/service-moves.ts';
import { auditDetails } from '../people/request-actor.ts';
import { bodyOf } from '../request-body.ts';

/** What knows where sensor services run: the service controller. */
export interface ServiceSource {
  serviceViews(): readonly ServiceView[];
  /** Calls back when something about a service may have changed. Returns the unsubscribe. */
  onChange(handler: () => void): () => void;
}

/** Of an appliance that runs none. */
export const NO_SERVICES: ServiceSource = {
  serviceViews: () => [],
  onChange: () => () => undefined,
};

/** Sensor services, and what a person may ask of them: both are wishes on the Lease, which the standbys carry out. */
export function serviceRoutes(source: ServiceSource, kube: KubeClient): Router {
  const router = Router();
  const found = ({ namespace, name }: { namespace: string; name: string }): ServiceView =>
    findService(source.serviceViews(), namespace, name);
  const note = async (service: ServiceView, unit: MovableUnit, annotations: Wish): Promise<void> => {
    await kube.mergePatch(
      LEASE,
      { name: unit.lease.name, namespace: service.namespace },
      { metadata: { annotations } },
    );
  };
  router.get('/services', (_request, response) => {
    response.json({ items: [...source.serviceViews()] as SensorServiceList['items'] });
  });
  router.get('/services/:namespace/:name', (request, response) => {
    response.json(found(request.params));
  });
  router.post('/services/:namespace/:name/units/:unit/handover', async (request, response) => {
    const { to } = bodyOf(request, HandoverRequest);
    const service = found(request.params);
    auditDetails(response, { target: targetOf(request.params), to });
    const unit = checkHandover(service, request.params.unit, to);
    auditDetails(response, { from: unit.active?.node ?? '' });
    // A reason is the controller's: without one it is a person's wish, which stays until it is done.
    await note(service, unit, { [YIELD_TO_ANNOTATION]: to, [YIELD_REASON_ANNOTATION]: null });
    response.status(202).json(found(request.params));
  });
  router.post('/services/:namespace/:name/units/:unit/takeover', async (request, response) => {
    const wanted = bodyOf(request, TakeoverRequest);
    const service = found(request.params);
    auditDetails(response, { target: targetOf(request.params), to: wanted.to });
    const unit = checkTakeover(service, request.params.unit, wanted);
    auditDetails(response, { from: `${unit.lease.holder ?? ''}@${String(unit.lease.epoch)}` });
    await note(service, unit, { [TAKEOVER_BY_ANNOTATION]: `${wanted.to}@${String(unit.lease.epoch)}` });
    response.status(202).json(found(request.params));
  });
  return router;
}

type Wish = Readonly<Record<string, string | null>>;

function targetOf({ namespace, name, unit }: { namespace: string; name: string; unit: string }): string {
  return `${namespace}/${name} unit ${unit}`;
}

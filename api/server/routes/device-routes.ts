import { Router } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { DEVICE, MANAGED_BY, RETRY_ANNOTATION, type Decision, type Device } from '../../../k8s/core/resources.ts';
import type { Candidate } from '../../../join/core/ports.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { pageOf } from '../../core/page-of.ts';
import { DecisionRequest, PageQuery, type DeviceList, type DeviceView } from '../../core/schemas.ts';
import type { LiveModel } from '../live-model.ts';
import { deviceFacts } from '../people/device-facts.ts';
import { auditDetails, requireFreshSignIn, requireRole } from '../people/request-actor.ts';
import { checkIfMatch, etagOf } from '../if-match.ts';
import { bodyOf, queryOf } from '../request-body.ts';

/** The list of devices, and operators' decisions about them. */
export function deviceRoutes(model: LiveModel, kube: KubeClient, clock: Clock): Router {
  const router = Router();
  router.get('/devices', (request, response) => {
    response.json(pageOf(model.rows(), arrivalOf, queryOf(request, PageQuery)) satisfies DeviceList);
  });
  router.get('/devices/:id', (request, response) => {
    const row = findDevice(model.rows(), request.params.id);
    if (row.version !== undefined) response.setHeader('etag', etagOf(row.version));
    response.json(row);
  });
  router.post('/devices/:id/decision', async (request, response) => {
    const { decision } = bodyOf(request, DecisionRequest);
    const row = findDevice(model.rows(), request.params.id);
    // Whoever may not revoke may not undo it either.
    if (decision === 'Revoked' || model.index.device(row.id)?.spec.decision === 'Revoked') {
      requireRole(response, 'admin');
      requireFreshSignIn(response);
    }
    auditDetails(response, { ...deviceFacts(model, row), from: row.stage, to: decision });
    checkIfMatch(request, row.version, `Device ${row.shortId}`);
    const changed =
      decision === 'Retry' ? await retry(model, kube, row, clock) : await decide(model, kube, row, decision);
    if (changed !== undefined) model.deviceChanged(changed);
    response.json(model.row(row.id) ?? row);
  });
  return router;
}

/** First seen first, as {@link LiveModel.rows} has them. */
function arrivalOf({ firstSeen, since, id }: DeviceView): string {
  return `${firstSeen ?? since} ${id}`;
}

/** Asks the join controller to end the device's wait: it watches this annotation. */
async function retry(model: LiveModel, kube: KubeClient, row: DeviceView, clock: Clock): Promise<Device> {
  if (model.index.device(row.id) === undefined) throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
  const annotations = { [RETRY_ANNOTATION]: toRfc3339(clock.nowMs()) };
  return kube.mergePatch(DEVICE, { name: row.id }, { metadata: { annotations } });
}

/** Records the operator's answer; of a device that showed no evidence this makes the object. */
async function decide(
  model: LiveModel,
  kube: KubeClient,
  row: DeviceView,
  decision: Decision,
): Promise<Device | undefined> {
  const candidate = model.index.candidate(row.id);
  if (model.index.device(row.id) === undefined) {
    if (candidate === undefined) throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
    if (decision === 'Undecided') return undefined;
    const made = await createUnlessThere(kube, decidedDevice(candidate, decision));
    if (made !== undefined) return made;
  }
  return kube.mergePatch(DEVICE, { name: row.id }, { spec: { decision } });
}

async function createUnlessThere(kube: KubeClient, device: Device): Promise<Device | undefined> {
  try {
    return await kube.create(DEVICE, device);
  } catch (error) {
    // It showed evidence in this very moment.
    if (isUsherError(error, 'KUBE_ALREADY_EXISTS')) return undefined;
    throw error;
  }
}

function decidedDevice(candidate: Candidate, decision: Decision): Device {
  return {
    apiVersion: DEVICE.apiVersion,
    kind: DEVICE.kind,
    metadata: { name: candidate.deviceId, labels: { ...MANAGED_BY } },
    spec: { publicKey: candidate.publicKeyPem, evidence: { kind: 'None' }, decision },
  };
}

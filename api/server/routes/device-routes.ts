import { Router } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { DEVICE, MANAGED_BY, RETRY_ANNOTATION, type Decision, type Device } from '../../../k8s/core/resources.ts';
import { recordedHardware } from '../../../join/core/admission.ts';
import type { Candidate } from '../../../join/core/ports.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { MAC_ROW_PREFIX } from '../../core/device-view.ts';
import { pageOf } from '../../core/page-of.ts';
import { DecisionRequest, PageQuery, type DeviceList, type DeviceView } from '../../core/schemas.ts';
import type { IgnoredMacs } from '../ignored-macs.ts';
import type { LiveModel } from '../live-model.ts';
import { deviceFacts } from '../people/device-facts.ts';
import { actorOf, auditDetails, requireFreshSignIn, requireRole } from '../people/request-actor.ts';
import { checkIfMatch, etagOf } from '../if-match.ts';
import { bodyOf, queryOf } from '../request-body.ts';

/** What decisions are made with. */
export interface DeviceParts {
  model: LiveModel;
  kube: KubeClient;
  clock: Clock;
  ignoredMacs: IgnoredMacs;
}

/** The list of devices, and operators' decisions about them. */
export function deviceRoutes(parts: DeviceParts): Router {
  const { model } = parts;
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
    auditDetails(response, { ...deviceFacts(model, row), from: row.stage, to: decision });
    // Whoever may not revoke may not undo it either.
    if (decision === 'Revoked' || model.index.device(row.id)?.spec.decision === 'Revoked') {
      requireRole(response, 'admin');
      requireFreshSignIn(response);
    }
    checkIfMatch(request, row.version, `Device ${row.shortId}`);
    const { id, type } = actorOf(response);
    const by = id === type ? type : `${type} ${id}`;
    if (!row.id.startsWith(MAC_ROW_PREFIX)) await decideDevice(parts, row, decision);
    else if (decision === 'Ignored') await ignoreMac(parts, row, by);
    else if (decision !== 'Undecided') throw new UsherError('DEVICE_WITHOUT_KEY', { id: row.shortId });
    if (decision === 'Undecided') await parts.ignoredMacs.forget(model.index.ignoredMacs(row.id));
    response.json(model.row(row.id) ?? forgotten(row));
  });
  return router;
}

/** First seen first, as {@link LiveModel.rows} has them. */
function arrivalOf({ firstSeen, since, id }: DeviceView): string {
  return `${firstSeen ?? since} ${id}`;
}

async function decideDevice(parts: DeviceParts, row: DeviceView, decision: Decision | 'Retry'): Promise<void> {
  const { model, kube, clock } = parts;
  const changed =
    decision === 'Retry' ? await retry(model, kube, row, clock) : await decide(model, kube, row, decision);
  if (changed !== undefined) model.deviceChanged(changed);
  if (decision === 'Undecided' && row.stage === 'Ignored') await showTwins(model, kube, row.id);
}

/** What has shown no key is remembered by its MAC address, unless a claim names it: that brings it back by itself. */
async function ignoreMac({ ignoredMacs }: DeviceParts, { id, shortId, claim }: DeviceView, by: string): Promise<void> {
  if (claim !== undefined) throw new UsherError('DEVICE_CLAIMED', { id: shortId, claim });
  await ignoredMacs.ignore(id.slice(MAC_ROW_PREFIX.length), by);
}

/** The row of something that nobody sees, and that was in the list only because it was ignored. */
function forgotten(row: DeviceView): DeviceView {
  if (row.stage !== 'Ignored') return row;
  const seen: DeviceView = { ...row, stage: 'Seen' };
  delete seen.waitsFor;
  return seen;
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
    if (made !== undefined) return remembered(kube, candidate);
  }
  return kube.mergePatch(DEVICE, { name: row.id }, { spec: { decision } });
}

/** What is one board by its MAC address is ignored together, and shown again together. */
async function showTwins(model: LiveModel, kube: KubeClient, id: string): Promise<void> {
  for (const name of model.index.ignoredTwins(id)) {
    model.deviceChanged(await kube.mergePatch(DEVICE, { name }, { spec: { decision: 'Undecided' } }));
  }
}

/** Its MAC addresses outlast the list in memory: by them it is known when it comes with a new key. */
function remembered(kube: KubeClient, { deviceId, hello }: Candidate): Promise<Device> {
  return kube.mergePatch(DEVICE, { name: deviceId }, { status: { hardware: recordedHardware(hello.hw) } }, 'status');
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

import { Router, type Request } from 'express';
import { isUsherError, UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { DEVICE_CLAIM, type DeviceClaim } from '../../../k8s/core/resources.ts';
import { changedClaim, claimView, toDeviceClaim } from '../../core/claim.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { pageOf } from '../../core/page-of.ts';
import {
  ClaimChange,
  NewClaim,
  PageQuery,
  type ClaimList,
  type ClaimView,
  type DeviceView,
} from '../../core/schemas.ts';
import { deleteClaim, inClaimWords, readClaim, writeClaim } from '../claim-writer.ts';
import type { LiveModel } from '../live-model.ts';
import { claimFacts, deviceFacts } from '../people/device-facts.ts';
import { livingBoards } from '../people/living-board.ts';
import { auditDetails } from '../people/request-actor.ts';
import { checkIfMatch, demandIfMatch, etagOf } from '../if-match.ts';
import { bodyOf, queryOf } from '../request-body.ts';

/** The claims: DeviceClaim objects, made and changed here as kubectl would. */
export function claimRoutes(model: LiveModel, kube: KubeClient): Router {
  const router = Router();
  router.get('/claims', (request, response) => {
    response.json(pageOf(model.claims(), ({ name }) => name, queryOf(request, PageQuery)) satisfies ClaimList);
  });
  router.get('/claims/:name', async (request, response) => {
    const view = claimView(await readClaim(kube, request.params.name));
    if (view.version !== undefined) response.setHeader('etag', etagOf(view.version));
    response.json(view);
  });
  router.post('/claims', async (request, response) => {
    const wanted = bodyOf(request, NewClaim);
    // Before anything can be refused, so that the audit log names what was asked for.
    auditDetails(response, { target: wanted.name });
    const row = wanted.device === undefined ? undefined : findDevice(model.rows(), wanted.device);
    if (row !== undefined) auditDetails(response, deviceFacts(model, row));
    if (row !== undefined) demandIfMatch(request, row.version, `Device ${row.shortId}`);
    const claim = await create({ model, kube, check: livingBoards(model, response) }, wanted, row);
    const view = claimView(claim) satisfies ClaimView;
    response.status(201).location(`/api/v1/claims/${view.name}`).json(view);
  });
  router.patch('/claims/:name', async (request, response) => {
    const wanted = withFullId(model, bodyOf(request, ClaimChange));
    auditDetails(response, { ...claimFacts(model, request.params.name), to: Object.keys(wanted).join(' ') });
    const changed = await writeClaim(kube, request.params.name, (claim) => {
      checkClaimMatch(request, claim);
      const next = changedClaim(claim, wanted);
      livingBoards(model, response)(next, claim);
      return next;
    });
    model.claimChanged(changed);
    response.json(claimView(changed));
  });
  router.delete('/claims/:name', async (request, response) => {
    const { name } = request.params;
    auditDetails(response, claimFacts(model, name));
    await deleteClaim(kube, name, (claim) => checkClaimMatch(request, claim));
    response.status(204).end();
  });
  return router;
}

function checkClaimMatch(request: Request, claim: DeviceClaim): void {
  checkIfMatch(request, claimView(claim).version, `Claim ${claim.metadata.name}`);
}

interface Site {
  model: LiveModel;
  kube: KubeClient;
  check: ReturnType<typeof livingBoards>;
}

async function create(
  { model, kube, check }: Site,
  wanted: NewClaim,
  row: DeviceView | undefined,
): Promise<DeviceClaim> {
  if (wanted.device !== undefined && wanted.match !== undefined) {
    throw new UsherError('CLAIM_INVALID', { detail: 'give either device or match' });
  }
  const claim = toDeviceClaim(withFullId(model, wanted), row);
  check(claim, undefined);
  checkIsFree(model, claim, row);
  try {
    const made = await kube.create(DEVICE_CLAIM, claim);
    model.claimChanged(made);
    return made;
  } catch (error) {
    throw inClaimWords(error, claim.metadata.name);
  }
}

/** Finds what the binder would find a moment later, while the operator still looks. */
function checkIsFree(model: LiveModel, { metadata: { name }, spec }: DeviceClaim, row: DeviceView | undefined): void {
  const claims = model.index.claims();
  if (claims.some((other) => other.metadata.name === name)) throw new UsherError('CLAIM_EXISTS', { name });
  if (row?.claim !== undefined) {
    throw new UsherError('DEVICE_CLAIMED', { id: row.shortId, claim: row.claim });
  }
  const nodeName = spec.nodeName ?? name;
  const rival = claims.find((other) => (other.spec.nodeName ?? other.metadata.name) === nodeName);
  if (rival !== undefined) {
    throw new UsherError('NODE_NAME_TAKEN', { nodeName, owner: `claim ${rival.metadata.name}` });
  }
  const isForeign =
    model.index.node(nodeName) !== undefined && !model.rows().some((other) => other.nodeName === nodeName);
  if (isForeign) throw new UsherError('NODE_NAME_TAKEN', { nodeName, owner: 'a node that Usher did not make' });
}

/** `replaces` may be given by short id, or by the name of node or claim, as long as the device is known. */
function withFullId<Wanted extends { replaces?: string | null | undefined }>(model: LiveModel, wanted: Wanted): Wanted {
  const { replaces } = wanted;
  if (replaces === undefined || replaces === null || model.index.device(replaces) !== undefined) return wanted;
  try {
    return { ...wanted, replaces: findDevice(model.rows(), replaces).id };
  } catch (error) {
    // A manifest may name a device that is not known yet, or not any more.
    if (isUsherError(error, 'DEVICE_UNKNOWN')) return wanted;
    throw error;
  }
}

import { Router } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import type { DeviceClaim } from '../../../k8s/core/resources.ts';
import { checkSuccessor, replacementOf } from '../../core/replacement.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { ReplacementRequest, type DeviceView } from '../../core/schemas.ts';
import { writeClaim } from '../claim-writer.ts';
import { checkIfMatch } from '../if-match.ts';
import type { LiveModel } from '../live-model.ts';
import { deviceFacts } from '../people/device-facts.ts';
import { livingBoards } from '../people/living-board.ts';
import { auditDetails } from '../people/request-actor.ts';
import { bodyOf } from '../request-body.ts';

/** Confirming that one device takes the place of another: one change of one object, the claim. */
export function replacementRoutes(model: LiveModel, kube: KubeClient): Router {
  const router = Router();
  router.post('/devices/:id/replacement', async (request, response) => {
    const { with: newcomer } = bodyOf(request, ReplacementRequest);
    const old = findDevice(model.rows(), request.params.id);
    checkIfMatch(request, old.version, `Device ${old.shortId}`);
    const row = findDevice(model.rows(), newcomer);
    auditDetails(response, { ...deviceFacts(model, row), from: old.id, to: row.id });
    model.claimChanged(await replace({ model, kube, check: livingBoards(model, response) }, old, row));
    response.json(model.row(row.id) ?? row);
  });
  return router;
}

interface Site {
  model: LiveModel;
  kube: KubeClient;
  check: ReturnType<typeof livingBoards>;
}

async function replace({ model, kube, check }: Site, old: DeviceView, row: DeviceView): Promise<DeviceClaim> {
  if (model.index.device(old.id) === undefined) throw new UsherError('DEVICE_WITHOUT_KEY', { id: old.shortId });
  checkSuccessor(old, row);
  const claim = placeOf(model, old);
  if (claim === undefined) throw new UsherError('REPLACE_UNCLAIMED', { device: old.shortId });
  if (row.claim !== undefined && row.claim !== claim.metadata.name) {
    throw new UsherError('DEVICE_CLAIMED', { id: row.shortId, claim: row.claim });
  }
  return await writeClaim(kube, claim.metadata.name, (current) => {
    const changed = replacementOf(current, old.id, row.id);
    check(changed, current);
    return changed;
  });
}

/** The claim whose place is taken: the one the device is bound to, or the one that already says so. */
function placeOf(model: LiveModel, old: DeviceView): DeviceClaim | undefined {
  const claims = model.index.claims();
  return (
    claims.find(({ metadata }) => metadata.name === old.claim) ?? claims.find(({ spec }) => spec.replaces === old.id)
  );
}

import { Router } from 'express';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { normaliseCrockford } from '../../../foundation/crockford.ts';
import { printable } from '../../../foundation/text.ts';
import type { CandidateList, ClaimCodeDesk, ClaimCodeStanding } from '../../../join/core/ports.ts';
import { parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { shortIdOf } from '../../../join/protocol/device-id.ts';
import { deviceOfCode } from '../../core/claim-code.ts';
import { NewClaimCode, type ClaimCodeView } from '../../core/schemas/claim-codes.ts';
import type { LiveModel } from '../live-model.ts';
import { bodyOf } from '../request-body.ts';

export interface ClaimCodeParts {
  model: LiveModel;
  claimCodes: ClaimCodeDesk;
  candidates: CandidateList;
}

/** Codes that operators read from a screen or a label. Entering one never claims: that is a claim's to do. */
export function claimCodeRoutes({ model, claimCodes, candidates }: ClaimCodeParts): Router {
  const router = Router();
  router.post('/claim-codes', async (request, response) => {
    const { code, device: named } = bodyOf(request, NewClaimCode);
    const entered = parseClaimCode(code);
    const waiting = candidates
      .list()
      .flatMap(({ deviceId, hello }) => (hello.evidence.type === 'code' ? [deviceId] : []));
    const device = deviceOfCode({ entered, named, rows: model.rows(), waiting });
    response.locals['audit'] = { deviceId: device, evidence: 'ClaimCode' };
    response.status(202).json(viewOf(await claimCodes.enter(device, entered.code)));
  });
  router.get('/claim-codes/:device', (request, response) => {
    const id = normaliseCrockford(request.params.device);
    const standing = claimCodes.standingOf(id);
    if (standing === undefined) throw new UsherError('CLAIM_CODE_NONE', { id: printable(shortIdOf(id), 6) });
    response.json(viewOf(standing));
  });
  return router;
}

function viewOf({ deviceId, expiresAtMs, state, failure }: ClaimCodeStanding): ClaimCodeView {
  return {
    device: deviceId,
    shortId: shortIdOf(deviceId),
    expiresAt: toRfc3339(expiresAtMs),
    state,
    ...(failure === undefined ? {} : { failure: failure.toBody() }),
  };
}

import type { Response } from 'express';
import { UsherError } from '../../../foundation/errors.ts';
import type { DeviceClaim, DeviceClaimSpec } from '../../../k8s/core/resources.ts';
import { keyOfMatch } from '../../core/claim-index.ts';
import { mayDo } from '../../core/people/role.ts';
import type { LiveModel } from '../live-model.ts';
import { actorOf, requireFreshSignIn } from './request-actor.ts';

/** What is asked of a claim before it is written. */
type ClaimCheck = (claim: DeviceClaim, before: DeviceClaim | undefined) => void;

/**
 * Giving away the place of a board that is alive stops a machine that works, and hands its name to another key: as much as
 * revoking it, so it needs as much. A board that is dead, flashed anew or was never a node is replaced by whoever may claim.
 * @returns throws ROLE_NEEDED_TO_REPLACE or FRESH_SIGN_IN_NEEDED for a claim that does so now
 */
export function livingBoards(model: LiveModel, response: Response): ClaimCheck {
  return ({ spec }, before) => {
    const old = replacedNow(spec, before?.spec);
    const row = old === undefined ? undefined : model.row(old);
    const nodeReady = row?.conditions?.find(({ type }) => type === 'NodeReady');
    if (row === undefined || nodeReady?.status !== 'True') return;
    const { role } = actorOf(response);
    if (!mayDo(role, 'admin')) {
      const params = { device: row.shortId, nodeName: row.nodeName ?? '', yours: role };
      throw new UsherError('ROLE_NEEDED_TO_REPLACE', params);
    }
    requireFreshSignIn(response);
  };
}

/** The device whose place is given away by this change of a claim, or is given to another one. */
function replacedNow(spec: DeviceClaimSpec, before: DeviceClaimSpec | undefined): string | undefined {
  const isSame = before?.replaces === spec.replaces && keyOfMatch(before?.match ?? {}) === keyOfMatch(spec.match);
  return isSame ? undefined : spec.replaces;
}

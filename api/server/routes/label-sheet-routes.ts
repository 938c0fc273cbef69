import { Router, type Request } from 'express';
import type { Clock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import type { EnrolTokens } from '../../../join/core/ports.ts';
import { parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { findDevice } from '../../core/device-lookup.ts';
import { labelContent } from '../../core/labels/label-content.ts';
import type { LabelContent } from '../../core/labels/label-sheet.ts';
import { LabelSheetRequest, type LabelItem } from '../../core/schemas/labels.ts';
import type { SiteView } from '../../core/schemas.ts';
import { labelFile } from '../labels/label-sheets.ts';
import { isLoopback } from '../client-address.ts';
import type { LiveModel } from '../live-model.ts';
import { bodyOf } from '../request-body.ts';

export interface LabelSheetParts {
  model: LiveModel;
  tokens: Pick<EnrolTokens, 'list'>;
  site: () => SiteView;
  /** SHA-256 of the authority that vouches for the page, as people compare it. */
  caFingerprint?: () => string | undefined;
  clock: Clock;
}

const MAX_SHOWN = 64;

/** Labels to print. */
export function labelSheetRoutes(parts: LabelSheetParts): Router {
  const router = Router();
  router.post('/label-sheets', async (request, response) => {
    const { items, claimBase = originFor(request, parts.site()), ...sheet } = bodyOf(request, LabelSheetRequest);
    const labels = await contentsOf(items, claimBase, parts);
    const caFingerprint = parts.caFingerprint?.();
    const file = await labelFile(labels, { ...sheet, caFingerprint, madeAtMs: parts.clock.nowMs() });
    response.setHeader('content-disposition', `attachment; filename="${file.name}"`);
    response.type(file.type).send(file.content);
  });
  return router;
}

async function contentsOf(
  items: readonly LabelItem[],
  claimBase: string,
  parts: LabelSheetParts,
): Promise<LabelContent[]> {
  const rows = parts.model.rows();
  const claims = new Map(parts.model.claims().map((claim) => [claim.name, claim]));
  const tokens = items.some((item) => 'tokenId' in item) ? await parts.tokens.list() : [];
  return items.map((item): LabelContent => {
    if ('claim' in item) {
      const claim = claims.get(item.claim);
      if (claim === undefined) throw new UsherError('CLAIM_UNKNOWN', { name: printable(item.claim, MAX_SHOWN) });
      return labelContent({ name: claim.nodeName, id: claim.name, deviceId: claim.device }, claimBase);
    }
    const code = item.code === undefined ? undefined : parseClaimCode(item.code).code;
    if ('device' in item) {
      const { id, shortId, nodeName, claim, hostname } = findDevice(rows, item.device);
      const deviceId = id.startsWith('mac:') ? undefined : id;
      return labelContent({ name: nodeName ?? claim ?? hostname ?? shortId, id, deviceId, code }, claimBase);
    }
    const token = tokens.find(({ tokenId }) => tokenId === item.tokenId);
    if (token === undefined) throw new UsherError('TOKEN_UNKNOWN', { tokenId: printable(item.tokenId, MAX_SHOWN) });
    const [deviceId] = token.kind === 'card' ? token.boundTo : [];
    return labelContent({ name: item.name ?? token.note ?? 'card', id: token.tokenId, deviceId, code }, claimBase);
  });
}

/** Where the QR codes lead: to where this request came, unless only this machine itself can go there. */
function originFor(request: Request, { interfaces }: SiteView): string {
  const host = request.headers.host ?? '';
  const { hostname, port } = new URL(`https://${host}`);
  const isHere = hostname === 'localhost' || isLoopback(hostname.replaceAll(/[[\]]/g, ''));
  const address = interfaces.flatMap(({ addresses }) => addresses)[0];
  return isHere && address !== undefined ? `https://${address}${port === '' ? '' : `:${port}`}` : `https://${host}`;
}

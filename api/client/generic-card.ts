import { toRfc3339 } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { newClaimCode } from '../../join/protocol/claim-code.ts';
import { ClaimCard } from '../../join/protocol/messages.ts';
import type { SiteView } from '../core/schemas.ts';

export interface GenericCardOptions {
  /** Its addresses are hints only: the device believes no appliance before that has proven the code. */
  site: Pick<SiteView, 'enrolUrls'>;
  /** Origin of the page that QR codes open. */
  claimBase: string;
  /** Whether the card gets a code for a label. */
  isLabelled: boolean;
  nowMs: number;
  random: Random;
}

const LOOPBACK = /^(127\.|localhost$|\[::1\]$)/;

/** The page as phones on the LAN reach it, by how this machine does. */
export function pageOnLan(url: string, { interfaces }: Pick<SiteView, 'interfaces'>): string {
  const page = new URL(url);
  const [address] = interfaces.flatMap(({ addresses }) => addresses);
  if (LOOPBACK.test(page.hostname) && address !== undefined) page.hostname = address;
  return page.origin;
}

/** The `usher.json` of a generic card and, when it has one, the code for its label, in groups of four. */
export function genericCard(options: GenericCardOptions): { card: ClaimCard; code?: Secret } {
  const { site, claimBase, isLabelled, nowMs, random } = options;
  const code = isLabelled
    ? newClaimCode(random)
        .reveal()
        .replaceAll(/.{4}(?=.)/g, '$&-')
    : undefined;
  const urls = site.enrolUrls.slice(0, 8);
  const card = ClaimCard.safeParse({ v: 1, issuedAt: toRfc3339(nowMs), urls, claimBase, code: code ?? null });
  if (!card.success)
    throw new UsherError('USAGE', { detail: `${claimBase} is no origin of a page` }, { cause: card.error });
  return { card: card.data, ...(code === undefined ? {} : { code: new Secret(code) }) };
}

import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { isUsherError, messageOf, UsherError } from '../../../foundation/errors.ts';
import { Secret } from '../../../foundation/secret.ts';
import { parseClaimCode } from '../../../join/protocol/claim-code.ts';
import { CardFile, ClaimCard, ENROL_TOKEN_PATTERN } from '../../../join/protocol/messages.ts';
import type { Site } from '../core/local-state.ts';
import { isMissing, removeDurably } from './durable-file.ts';
import { readText } from './read-file.ts';

/** What the personaliser wrote for this device: the card of a site, with or without a token, or a generic one. */
export type Card =
  | { readonly site: Site; readonly token: Secret | undefined; readonly generic?: undefined }
  | { readonly site?: undefined; readonly token?: undefined; readonly generic: GenericCard };

/** A card that belongs to no site. */
export interface GenericCard {
  readonly urls: string[];
  readonly issuedAt: string;
  /** Origin of the page that its QR codes open. */
  readonly claimBase: string | undefined;
  /** The code of its label. */
  readonly code: Secret | undefined;
}

/**
 * The card's file, or undefined when there is none.
 * @throws UsherError CARD_INVALID
 */
export async function readCard(path: string): Promise<Card | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const parsed = parse(text);
  if (typeof parsed.caPem !== 'string') return { generic: genericOf(parsed) };
  const { urls, caPem, issuedAt, token } = parsed;
  checkCertificate(caPem);
  if (token !== null && !ENROL_TOKEN_PATTERN.test(token)) throw invalid('the enrol token is malformed');
  return { site: { urls, caPem, issuedAt }, token: token === null ? undefined : new Secret(token) };
}

/**
 * Wipes the enrol token or the label's code and removes the file. The sectors are overwritten first, in place and with as many bytes: on FAT
 * a deleted or rewritten file leaves the old text on the card for anybody who pulls it.
 * @throws UsherError SCRUB_FAILED
 */
export async function scrubCard(path: string): Promise<void> {
  try {
    const text = await readText(path);
    if (text === undefined) return;
    const bytes = Buffer.byteLength(text);
    const file = await open(path, 'r+');
    try {
      await file.write(Buffer.alloc(bytes, withoutToken(text)), 0, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await removeDurably(path);
  } catch (error) {
    if (isMissing(error)) return;
    throw new UsherError('SCRUB_FAILED', { path, detail: messageOf(error) }, { cause: error });
  }
}

/** Still a valid file without a token if the power goes before it is removed; blanks fill it up to its old length. */
function withoutToken(text: string): string {
  const length = Buffer.byteLength(text);
  try {
    const parsed = parse(text);
    const bare = JSON.stringify({ ...parsed, token: null, ...('code' in parsed ? { code: null } : {}) });
    return Buffer.byteLength(bare) <= length ? bare.padEnd(length) : ' ';
  } catch (error) {
    // Not ours to read, so there is nothing to keep of it.
    if (error instanceof UsherError) return ' ';
    throw error;
  }
}

function genericOf({ urls, issuedAt, claimBase, code }: ClaimCard): GenericCard {
  return {
    urls,
    issuedAt,
    claimBase: claimBase ?? undefined,
    code: typeof code === 'string' ? labelCode(code) : undefined,
  };
}

function labelCode(text: string): Secret {
  try {
    return parseClaimCode(text).code;
  } catch (error) {
    if (!isUsherError(error)) throw error;
    throw invalid('the code is no claim code', error);
  }
}

function parse(text: string): CardFile | ClaimCard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid('it is not JSON', error);
  }
  const parsed = (isGeneric(json) ? ClaimCard : CardFile).safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, parsed.error);
}

/** A card without a CA is a generic one on purpose: no card of a site lacks it. */
function isGeneric(json: unknown): boolean {
  return typeof json === 'object' && json !== null && (!('caPem' in json) || json.caPem === null);
}

function checkCertificate(caPem: string): void {
  try {
    new X509Certificate(caPem);
  } catch (error) {
    throw invalid('caPem is not a certificate', error);
  }
}

function invalid(detail: string, cause?: unknown): UsherError {
  return new UsherError('CARD_INVALID', { detail }, { cause });
}

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../../foundation/clock.ts';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { messageOf, UsherError } from '../../../foundation/errors.ts';
import { Secret } from '../../../foundation/secret.ts';
import type { ServerIdentity } from './site-ca.ts';

/** Where an operator's own certificate and key are, both PEM. */
export interface TlsFiles {
  certPath: string;
  keyPath: string;
}

/** A certificate that an operator gave, checked. */
export interface GivenCertificate extends ServerIdentity {
  leaf: X509Certificate;
  /** The last of the chain: what a client may pin. */
  topPem: string;
}

/** Why the page does not have the certificate that was meant for it. */
export interface PageTrouble {
  error: UsherError;
  sinceMs: number;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
/** Extended key usage of TLS servers (RFC 5280, section 4.2.1.12). */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** Both files as they are now: a change of either makes another text. @throws UsherError PAGE_TLS_INVALID */
export async function readTlsFiles({ certPath, keyPath }: TlsFiles): Promise<{ cert: string; key: Secret }> {
  try {
    const [cert, key] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')]);
    return { cert, key: new Secret(key) };
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

/**
 * Checks that certificate and key belong together, that it is a server's, names hosts, is valid now, and that each
 * certificate is followed by the one it was issued by.
 * @param clock tells what "now" is; without one the dates are not looked at
 * @throws UsherError PAGE_TLS_INVALID, PAGE_TLS_EXPIRED
 */
export function checkedCertificate({ cert, key }: ServerIdentity, clock?: Clock): GivenCertificate {
  const pems = cert.match(BLOCK) ?? [];
  const [leaf, ...issuers] = pems.map(parsed);
  if (leaf === undefined) throw invalid('there is no certificate in it');
  checkPair(leaf, key);
  if (leaf.ca) throw invalid('it is an authority, not the certificate of a server');
  // Node's keyUsage is the extended one; undefined where the certificate says nothing and may do all.
  const usages = leaf.keyUsage as string[] | undefined;
  if (usages?.includes(SERVER_AUTH) === false) throw invalid('it is not meant for servers (extended key usage)');
  if (leaf.subjectAltName === undefined) throw invalid('it names no host (subject alternative name)');
  checkChain([leaf, ...issuers]);
  if (clock !== undefined) for (const one of [leaf, ...issuers]) assertTimely(one, clock.nowMs());
  try {
    createSecureContext({ cert, key: key.reveal() });
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
  return { cert, key, leaf, topPem: `${pems.at(-1) ?? ''}\n` };
}

/** Host names and addresses of a certificate, as people write them (RFC 5952); wildcards are left out. */
export function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  const entries = subjectAltName.split(', ').map((entry) => /^(?:DNS|IP Address):([\w.:-]+)$/.exec(entry)?.[1]);
  return entries.filter((name) => name !== undefined).map((name) => shortAddress(name.toLowerCase()));
}

/** Node.js writes IPv6 addresses of certificates in full. */
function shortAddress(name: string): string {
  return isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function parsed(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw invalid('a certificate in it cannot be read', error);
  }
}

function checkPair(leaf: X509Certificate, key: Secret): void {
  let fits: boolean;
  try {
    fits = leaf.checkPrivateKey(createPrivateKey(key.reveal()));
  } catch (error) {
    // The parser's message is not passed on: it could quote what it read.
    throw invalid('the key cannot be read; is it encrypted?', error);
  }
  if (!fits) throw invalid('the key belongs to another certificate');
}

function checkChain(chain: readonly X509Certificate[]): void {
  for (const [index, issuer] of chain.slice(1).entries()) {
    const subject = chain[index];
    if (subject?.checkIssued(issuer) !== true || !subject.verify(issuer.publicKey)) {
      throw invalid(`${oneLine(subject?.subject)} is not followed by the certificate it was issued by`);
    }
  }
}

/** @throws UsherError PAGE_TLS_EXPIRED unless it is valid then */
export function assertTimely(certificate: X509Certificate, nowMs: number): void {
  const [fromMs, toMs] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (fromMs <= nowMs && nowMs < toMs) return;
  throw new UsherError('PAGE_TLS_EXPIRED', {
    ...{ subject: oneLine(certificate.subject), notBefore: toRfc3339(fromMs), notAfter: toRfc3339(toMs) },
  });
}

function oneLine(text = ''): string {
  return text.replaceAll('\n', ', ');
}

function invalid(detail: string, cause?: unknown): UsherError {
  return new UsherError('PAGE_TLS_INVALID', { detail }, { cause });
}

import { readFile } from 'node:fs/promises';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { messageOf, UsherError } from '../../../foundation/errors.ts';
import type { AlarmBook } from '../../../k8s/alarms.ts';
import { AcmeCertificate } from './acme/acme-certificate.ts';
import { acmeIssuer } from './acme/acme-issuer.ts';
import type { PageTrouble, TlsFiles } from './given-certificate.ts';
import { PageCertificate } from './page-certificate.ts';
import type { SiteCaOptions } from './site-ca.ts';

/** An ACME server of the user's network, and what it is asked for. */
export interface AcmeSettings {
  /** URL of its directory. */
  directory: string;
  /** File with the authority that vouches for the server, PEM; default what Node.js trusts. */
  caFile?: string | undefined;
  email?: string | undefined;
  /** Where challenges are answered; the server asks on port 80, which may be forwarded to another one. */
  port: number;
  /** Host names of the certificate. */
  names: readonly string[];
}

export interface OpenPageCertificateOptions extends SiteCaOptions {
  tlsFiles?: TlsFiles | undefined;
  acme?: AcmeSettings | undefined;
  /** The address that is listened on; default all. */
  host?: string | undefined;
  raiseAlarm?: AlarmBook['raise'] | undefined;
}

/** The page's certificates, looked after until `close`. */
export interface OpenPageCertificate {
  certificate: PageCertificate;
  close: () => Promise<void>;
}

/**
 * Opens what the page shows: the site's own authority always, and a given certificate or one by ACME. Does not wait for
 * the ACME server: until its certificate is there, the site's own authority serves.
 * @param names by which the page is called now
 * @throws UsherError PAGE_CERTIFICATE_FAILED, PAGE_TLS_INVALID, PAGE_TLS_EXPIRED, CONFIG_INVALID
 */
export async function openPageCertificate(
  options: OpenPageCertificateOptions,
  names: readonly string[],
): Promise<OpenPageCertificate> {
  const { raiseAlarm } = options;
  const onTrouble = ({ error, sinceMs }: PageTrouble): void => {
    const { code, params } = error;
    void raiseAlarm?.({ code, params, occasion: toRfc3339(sinceMs) });
  };
  const acme = options.acme === undefined ? undefined : await openAcme(options, options.acme, onTrouble);
  const certificate = await PageCertificate.open({ ...options, acme, onTrouble }, names);
  acme?.start();
  return { certificate, close: async () => acme?.close() };
}

async function openAcme(
  options: OpenPageCertificateOptions,
  { directory, caFile, email, port, names }: AcmeSettings,
  onTrouble: (trouble: PageTrouble) => void,
): Promise<AcmeCertificate> {
  const { dir, clock, random, logger, host } = options;
  const caPem = caFile === undefined ? undefined : await readCa(caFile);
  const issuer = acmeIssuer({ url: directory, caPem, email, challenge: { host, port }, clock });
  return AcmeCertificate.open({ dir, names, issuer, onTrouble, clock, random, logger });
}

async function readCa(path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (error) {
    throw new UsherError('CONFIG_INVALID', { detail: `--acme-ca: ${messageOf(error)}` }, { cause: error });
  }
  throw new UsherError('CONFIG_INVALID', { detail: `--acme-ca: there is no certificate in ${path}` });
}

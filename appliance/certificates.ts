import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A certificate that this site depends on, and when its life ends. */
export interface CertificateLife {
  /** For instance `enrolment-ca`, `page`, `k3s/client-admin`. */
  readonly name: string;
  readonly notAfterMs: number;
}

export interface CertificatesOptions {
  /** PEM of the CA that cards pin. */
  readonly enrolmentCaPem: string;
  /** Where the page keeps `ca.pem` and `page.pem`. */
  readonly pageDir: string;
  /** The operators' own certificate of the page, when they gave one. */
  readonly tlsCertPath?: string | undefined;
  /** The page has one from an ACME server, as `acme.pem`. */
  readonly isByAcme?: boolean;
  /** Where k3s keeps its certificates; undefined with a cluster that somebody else runs. */
  readonly k3sDir: string | undefined;
}

/** Every certificate that can be read now; one that cannot be read is left out, as it is while k3s rotates it. */
export async function readCertificates(options: CertificatesOptions): Promise<CertificateLife[]> {
  const { enrolmentCaPem, pageDir, tlsCertPath, k3sDir } = options;
  const files = [
    { name: 'page-ca', path: join(pageDir, 'ca.pem') },
    { name: 'page', path: join(pageDir, 'page.pem') },
    ...(options.isByAcme === true ? [{ name: 'page-acme', path: join(pageDir, 'acme.pem') }] : []),
    ...(tlsCertPath === undefined ? [] : [{ name: 'page-given', path: tlsCertPath }]),
    ...(k3sDir === undefined ? [] : await certificatesIn(k3sDir)),
  ];
  const read = await Promise.all(files.map(async ({ name, path }) => ({ name, pem: await readPem(path) })));
  return [{ name: 'enrolment-ca', pem: enrolmentCaPem }, ...read].flatMap(({ name, pem }) => {
    const notAfterMs = endOf(pem);
    return notAfterMs === undefined ? [] : [{ name, notAfterMs }];
  });
}

async function certificatesIn(folder: string): Promise<{ name: string; path: string }[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.crt'))
    .map((name) => ({ name: `k3s/${name.slice(0, -'.crt'.length)}`, path: join(folder, name) }));
}

async function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** Of the first certificate of a file: in a chain, that of its owner. */
function endOf(pem: string): number | undefined {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return undefined;
  try {
    return new X509Certificate(pem).validToDate.getTime();
  } catch (error) {
    // Half written: it is read again at the next scrape.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { toRfc3339 } from '../../../foundation/clock.ts';
import { asUsherError, type UsherError } from '../../../foundation/errors.ts';
import type { PageCertificateView } from '../../core/schemas.ts';
import {
  assertTimely,
  checkedCertificate,
  namesOf,
  readTlsFiles,
  type GivenCertificate,
  type PageTrouble,
  type TlsFiles,
} from './given-certificate.ts';
import type { AcmeCertificate } from './acme/acme-certificate.ts';
import { covers, SiteCa, type ServerIdentity, type SiteCaOptions } from './site-ca.ts';

export interface PageCertificateOptions extends SiteCaOptions {
  /** A certificate of the operators' own, for the names it has; read again when the files change. */
  tlsFiles?: TlsFiles | undefined;
  /** One from an ACME server, instead; kept up by itself. */
  acme?: AcmeCertificate | undefined;
  /** Told when the files cannot be used any more. */
  onTrouble?: ((trouble: PageTrouble) => void) | undefined;
}

/** What the server takes as its default. */
export interface DefaultIdentity {
  key: string;
  cert: string;
  minVersion: 'TLSv1.2';
}

const MIN_TLS = 'TLSv1.2';

/**
 * The certificates of the page: the one that operators or an ACME server gave, for the names it has, and for everything else (addresses,
 * `localhost`, `usher.local`) one by the site's own authority, so that the command line and a phone find the page whatever
 * happens to the given one.
 */
export class PageCertificate {
  readonly siteCa: SiteCa;
  readonly #options: PageCertificateOptions;
  #own: ServerIdentity;
  #given: GivenCertificate | undefined;
  #contexts: { own: SecureContext; given?: SecureContext };
  #isGivenForAddresses = false;
  #refused: PageTrouble | undefined;

  private constructor(options: PageCertificateOptions, siteCa: SiteCa, own: ServerIdentity) {
    this.#options = options;
    this.siteCa = siteCa;
    this.#own = own;
    this.#contexts = { own: contextOf(own) };
  }

  /**
   * @param names by which the page is called now, addresses too
   * @throws UsherError PAGE_CERTIFICATE_FAILED, PAGE_TLS_INVALID, PAGE_TLS_EXPIRED
   */
  static async open(options: PageCertificateOptions, names: readonly string[]): Promise<PageCertificate> {
    const siteCa = await SiteCa.open(options, names);
    const certificate = new PageCertificate(options, siteCa, await siteCa.forNames(names));
    await certificate.#readGiven(names);
    return certificate;
  }

  /**
   * Looks whether the certificates still serve for `names` and the files are as they were. True when anything changed.
   * A given certificate that became unusable is logged, and the one before goes on serving.
   * @throws UsherError PAGE_CERTIFICATE_FAILED
   */
  async refresh(names: readonly string[]): Promise<boolean> {
    const before = this.#served();
    this.#own = await this.siteCa.forNames(names);
    try {
      await this.#readGiven(names);
      this.#refused = undefined;
    } catch (error) {
      this.#refuse(asUsherError(error));
    }
    const isChanged = before !== this.#served();
    if (isChanged) this.#contexts = { ...this.#contexts, own: contextOf(this.#own) };
    return isChanged;
  }

  /** For clients that ask for no name: those that call an address. */
  get default(): DefaultIdentity {
    const { key, cert } = this.#isGivenForAddresses ? (this.#given ?? this.#own) : this.#own;
    return { key: key.reveal(), cert, minVersion: MIN_TLS };
  }

  /** For clients that ask for a name (server name indication, RFC 6066 section 3). */
  contextFor(servername: string): SecureContext {
    const isGiven = this.#given !== undefined && covers(this.#given.leaf, servername);
    return isGiven ? (this.#contexts.given ?? this.#contexts.own) : this.#contexts.own;
  }

  /** Whether the given certificate names this host: such a name is one of this appliance. */
  names(name: string): boolean {
    return this.#given !== undefined && namesOf(this.#given.leaf).includes(name);
  }

  /** What a client may pin: whoever is shown by this server is issued by one of these. */
  get trustPem(): string {
    return this.siteCa.caPem + (this.#given?.topPem ?? '');
  }

  view(): PageCertificateView {
    const { acme } = this.#options;
    const given = this.#given?.leaf;
    const leaf = given ?? new X509Certificate(this.#own.cert);
    const trouble = acme === undefined ? this.#refused : acme.trouble;
    return {
      issuer: given === undefined ? 'SiteCa' : acme === undefined ? 'Given' : 'Acme',
      caFingerprint: this.siteCa.fingerprint,
      notAfter: toRfc3339(Date.parse(leaf.validTo)),
      names: namesOf(leaf),
      ...(acme === undefined ? {} : { acme: { url: acme.plan.url, nextOrderAt: toRfc3339(acme.plan.nextAtMs) } }),
      ...(trouble === undefined ? {} : { trouble: { ...trouble.error.toBody(), since: toRfc3339(trouble.sinceMs) } }),
    };
  }

  #refuse(error: UsherError): void {
    if (error.message === this.#refused?.error.message) return;
    const { code, message, remedy } = error;
    this.#options.logger.error({ code, remedy }, message);
    this.#refused = { error, sinceMs: this.#options.clock.nowMs() };
    this.#options.onTrouble?.(this.#refused);
  }

  #served(): string {
    return [this.#own.cert, this.#given?.cert, this.#isGivenForAddresses].join();
  }

  async #readGiven(names: readonly string[]): Promise<void> {
    const { tlsFiles, acme, clock, logger } = this.#options;
    if (acme !== undefined) this.#take(acme.current);
    if (tlsFiles === undefined) return;
    const read = await readTlsFiles(tlsFiles);
    const isSame = this.#given?.cert === read.cert && this.#given.key.reveal() === read.key.reveal();
    if (!isSame) {
      const given = checkedCertificate(read, clock);
      this.#take(given);
      logger.info({ names: namesOf(given.leaf), notAfter: given.leaf.validTo }, 'the page has the given certificate');
    }
    const leaf = this.#given?.leaf;
    if (isSame && leaf !== undefined) assertTimely(leaf, clock.nowMs());
    this.#isGivenForAddresses = leaf !== undefined && names.some((name) => isIP(name) !== 0 && covers(leaf, name));
  }

  #take(given: GivenCertificate | undefined): void {
    if (given === this.#given) return;
    const { own } = this.#contexts;
    this.#contexts = given === undefined ? { own } : { own, given: contextOf(given) };
    this.#given = given;
  }
}

function contextOf({ key, cert }: ServerIdentity): SecureContext {
  return createSecureContext({ key: key.reveal(), cert, minVersion: MIN_TLS });
}

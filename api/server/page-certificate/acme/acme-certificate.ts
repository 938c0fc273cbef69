import { generateKeyPair } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { toRfc3339, type CancelTimer, type Clock } from '../../../../foundation/clock.ts';
import { asUsherError, hasErrno, isUsherError, messageOf, UsherError } from '../../../../foundation/errors.ts';
import type { Logger } from '../../../../foundation/logger.ts';
import type { Random } from '../../../../foundation/random.ts';
import { Secret } from '../../../../foundation/secret.ts';
import { writePrivateFile } from '../../../../k8s/k3s/private-file.ts';
import { checkedCertificate, type GivenCertificate, type PageTrouble } from '../given-certificate.ts';
import { covers } from '../site-ca.ts';
import type { AcmeIssuer } from './acme-issuer.ts';
import { renewalAtMs, retryDelayMs } from './acme-schedule.ts';

export interface AcmeCertificateOptions {
  /** Folder of the page's keys and certificates. */
  dir: string;
  /** Host names that the certificate is to have. */
  names: readonly string[];
  issuer: AcmeIssuer;
  /** Told of failures that a person should know of: there is no certificate, or it is not the first in a row. */
  onTrouble?: ((trouble: PageTrouble) => void) | undefined;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Certificate and its key in one file, so that a power cut leaves a pair that fits. */
const PAIR_FILE = 'acme.pem';
const ACCOUNT_FILE = 'acme-account.key';
const HOLD_FILE = 'acme-hold.json';
/** Whatever the clock or the server say, a certificate that came is not ordered anew before this. */
const LEAST_BETWEEN_MS = 3_600_000;
/** A server that is away for some minutes at night is nobody's business while the certificate serves. */
const FAILURES_OF_NOTE = 3;

const Hold = z.object({ url: z.string(), until: z.iso.datetime() });

/**
 * The page's certificate from an ACME server inside the user's network (RFC 8555): ordered when there is none for these
 * names, renewed when a third of its life is left, tried again later and later when that fails. Files of mode 0600.
 */
export class AcmeCertificate {
  readonly #options: AcmeCertificateOptions;
  readonly #stop = new AbortController();
  #pair: GivenCertificate | undefined;
  #trouble: PageTrouble | undefined;
  #failures = 0;
  #nextAtMs: number;
  #cancel: CancelTimer = () => undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(options: AcmeCertificateOptions, pair: GivenCertificate | undefined, heldUntilMs: number) {
    this.#options = options;
    this.#pair = pair;
    this.#nextAtMs = Math.max(heldUntilMs, this.#dueAtMs());
  }

  /** Reads what an earlier run left; orders nothing yet. @throws UsherError PAGE_CERTIFICATE_FAILED */
  static async open(options: AcmeCertificateOptions): Promise<AcmeCertificate> {
    await written(() => mkdir(options.dir, { recursive: true, mode: 0o700 }));
    return new AcmeCertificate(options, await readPair(options), await readHold(options));
  }

  /** Begins to look after it; at once where there is none. */
  start(): void {
    this.#arm();
  }

  /** Resolves once no order runs. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Ends a running order. */
  async close(): Promise<void> {
    this.#stop.abort(new UsherError('STOPPED'));
    this.#cancel();
    await this.#running;
  }

  /**
   * The certificate that serves now; undefined when there is none, or it has expired. One that is not valid yet serves: it
   * is this machine's clock that is behind then, and browsers go by their own.
   */
  get current(): GivenCertificate | undefined {
    const pair = this.#pair;
    return pair !== undefined && this.#options.clock.nowMs() < lifeOf(pair).toMs ? pair : undefined;
  }

  /** The directory, and when the next order is due. */
  get plan(): { url: string; nextAtMs: number } {
    return { url: this.#options.issuer.url, nextAtMs: this.#nextAtMs };
  }

  /** Why the last order failed. */
  get trouble(): PageTrouble | undefined {
    return this.#trouble;
  }

  #arm(): void {
    if (this.#stop.signal.aborted) return;
    const delayMs = Math.max(0, this.#nextAtMs - this.#options.clock.nowMs());
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#running = this.#attempt().then(() => this.#arm());
    });
  }

  /** Now where there is no certificate for all names. */
  #dueAtMs(): number {
    const { names, clock } = this.#options;
    const pair = this.#pair;
    if (pair === undefined || !names.every((name) => covers(pair.leaf, name))) return clock.nowMs();
    return renewalAtMs(lifeOf(pair), this.#jitter());
  }

  async #attempt(): Promise<void> {
    const { names, clock, logger, issuer } = this.#options;
    try {
      this.#pair = await this.#order();
      this.#trouble = undefined;
      this.#failures = 0;
      this.#nextAtMs = Math.max(this.#dueAtMs(), clock.nowMs() + LEAST_BETWEEN_MS);
      logger.info(
        { names, notAfter: this.#pair.leaf.validTo, url: issuer.url },
        'the page has a certificate of the ACME server',
      );
    } catch (error) {
      if (!this.#stop.signal.aborted) await this.#fail(asUsherError(error));
    }
  }

  async #order(): Promise<GivenCertificate> {
    const { dir, names, issuer, clock } = this.#options;
    const accountKey = await this.#accountKey();
    const key = await makeKey();
    const cert = await issuer.order({ names, accountKey, key }, this.#stop.signal);
    const pair = checked({ key, cert }, this.#options);
    const missing = names.filter((name) => !covers(pair.leaf, name));
    if (missing.length > 0) {
      throw new UsherError('ACME_REFUSED', { url: issuer.url, detail: `its certificate lacks ${missing.join(', ')}` });
    }
    if (lifeOf(pair).toMs <= clock.nowMs()) {
      throw new UsherError('ACME_REFUSED', { url: issuer.url, detail: 'its certificate has expired already' });
    }
    await written(() => writePrivateFile(join(dir, PAIR_FILE), `${cert.trim()}\n${key.reveal().trim()}\n`));
    return pair;
  }

  async #accountKey(): Promise<Secret> {
    const path = join(this.#options.dir, ACCOUNT_FILE);
    const kept = await readOr(path);
    if (kept !== undefined) return new Secret(kept);
    const made = await makeKey();
    await written(() => writePrivateFile(path, made.reveal()));
    return made;
  }

  async #fail(error: UsherError): Promise<void> {
    const { clock, logger, onTrouble, dir, issuer } = this.#options;
    const nowMs = clock.nowMs();
    this.#failures += 1;
    this.#trouble = { error, sinceMs: this.#trouble?.sinceMs ?? nowMs };
    this.#nextAtMs = nowMs + retryDelayMs(this.#failures, this.#jitter());
    const until = isUsherError(error, 'ACME_LIMITED') ? String(error.params['until']) : undefined;
    if (until !== undefined) this.#nextAtMs = Math.max(this.#nextAtMs, Date.parse(until));
    logger.error(
      { code: error.code, remedy: error.remedy, nextAt: toRfc3339(this.#nextAtMs), cause: error.cause },
      error.message,
    );
    if (this.current === undefined || this.#failures >= FAILURES_OF_NOTE) onTrouble?.(this.#trouble);
    if (until === undefined) return;
    try {
      // What the server said holds over a restart too.
      await writePrivateFile(join(dir, HOLD_FILE), JSON.stringify({ url: issuer.url, until }));
    } catch (cause) {
      logger.warn({ detail: messageOf(cause) }, 'until when the ACME server wants no order could not be written');
    }
  }

  /** From 0 (included) to 1. */
  #jitter(): number {
    const [high = 0, low = 0] = this.#options.random.bytes(2);
    return (high * 256 + low) / 65_536;
  }
}

function lifeOf({ leaf }: GivenCertificate): { fromMs: number; toMs: number } {
  return { fromMs: Date.parse(leaf.validFrom), toMs: Date.parse(leaf.validTo) };
}

/** Its dates are looked at when it is served. @throws UsherError ACME_REFUSED */
function checked(pair: { key: Secret; cert: string }, { issuer }: AcmeCertificateOptions): GivenCertificate {
  try {
    return checkedCertificate(pair);
  } catch (error) {
    throw new UsherError('ACME_REFUSED', { url: issuer.url, detail: messageOf(error) }, { cause: error });
  }
}

async function readPair(options: AcmeCertificateOptions): Promise<GivenCertificate | undefined> {
  const text = await readOr(join(options.dir, PAIR_FILE));
  if (text === undefined) return undefined;
  try {
    const [cert = '', key = ''] = text.split(/(?=-----BEGIN PRIVATE KEY-----)/);
    return checked({ cert, key: new Secret(key) }, options);
  } catch (error) {
    options.logger.warn({ detail: messageOf(error) }, 'the certificate that the ACME server gave cannot be used');
    return undefined;
  }
}

async function readHold({ dir, issuer }: AcmeCertificateOptions): Promise<number> {
  const text = await readOr(join(dir, HOLD_FILE));
  if (text === undefined) return 0;
  try {
    const hold = Hold.parse(JSON.parse(text));
    return hold.url === issuer.url ? Date.parse(hold.until) : 0;
  } catch {
    // A damaged note is no reason to wait.
    return 0;
  }
}

async function makeKey(): Promise<Secret> {
  const { privateKey } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return new Secret(privateKey);
}

async function readOr(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw new UsherError('PAGE_CERTIFICATE_FAILED', { detail: messageOf(error) }, { cause: error });
  }
}

async function written(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new UsherError('PAGE_CERTIFICATE_FAILED', { detail: messageOf(error) }, { cause: error });
  }
}

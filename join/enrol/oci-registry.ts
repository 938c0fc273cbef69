import { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import type { Clock } from '../../foundation/clock.ts';
import { asUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { printable } from '../../foundation/text.ts';
import type { JoinDesk } from '../core/ports.ts';
import type { ConnectionGuard } from './connection-guard.ts';
import type { EnrolLimits } from './limits.ts';
import { RateLimiter } from './rate-limiter.ts';
import { sendFile } from './send-file.ts';

/** A document or blob of an image, in a file of this machine. */
interface PulledBlob {
  readonly digest: string;
  readonly path: string;
}

/** The images that nodes pull. */
export interface PulledImages {
  /** @param order the host, name and tag (or digest) of an image */
  manifest(order: {
    host: string;
    repository: string;
    reference: string;
  }): Promise<(PulledBlob & { readonly type: string }) | undefined>;
  blob(digest: string): Promise<PulledBlob | undefined>;
  /** Whether this is a key of the master's own, whose k3s pulls here too. */
  isOwnKey(deviceId: string): boolean;
}

export interface OciRegistryOptions {
  readonly images: PulledImages;
  readonly desk: Pick<JoinDesk, 'isAdmitted' | 'statusOf'>;
  readonly guard: Pick<ConnectionGuard, 'welcome'>;
  readonly limits: Pick<EnrolLimits, 'pullsPerKey' | 'stalledMs'>;
  /** Whose key TLS has proved. */
  readonly deviceIdOf: (req: Request) => string;
  readonly ipOf: (req: Request) => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** States in which a device may pull; one that is approved becomes a node, perhaps this very moment. */
const MAY_PULL: readonly string[] = ['approved', 'joined'];
/** The host of an image's name when a node does not say it: then it asked for one of ours by its own name. */
const OWN_HOST = 'usher.internal';
const PULL_PATH = /^\/(.{1,255})\/(manifests|blobs)\/([^/]{1,255})$/;
/** distribution-spec v1.1, "Error Codes". */
const SPEC_CODES: Readonly<Record<string, string>> = {
  NOT_APPROVED: 'DENIED',
  DEVICE_KEY_UNSUITABLE: 'UNAUTHORIZED',
  RATE_LIMITED: 'TOOMANYREQUESTS',
  OCI_IMAGE_UNKNOWN: 'MANIFEST_UNKNOWN',
  ROUTE_UNKNOWN: 'UNSUPPORTED',
};

/**
 * The read-only half of the OCI distribution API (distribution-spec v1.1: pull), for keys of the site's nodes. A node asks
 * for images of all hosts here, and says the host as `?ns=` (containerd's hosts.toml).
 */
export function ociRegistry(options: OciRegistryOptions): Router {
  const { clock, limits, guard } = options;
  const perKey = new RateLimiter(clock, limits.pullsPerKey);
  const router = Router({ caseSensitive: true });
  router.use((req, res, next) => {
    res.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    const deviceId = options.deviceIdOf(req);
    requireNode(deviceId, options);
    guard.welcome(options.ipOf(req));
    const retryAfterSec = perKey.take(deviceId);
    if (retryAfterSec > 0) throw new UsherError('RATE_LIMITED', { retryAfterSec });
    next();
  });
  router.get('/', (_req, res) => {
    res.json({});
  });
  router.get(PULL_PATH, async (req, res) => {
    const [, repository = '', kind, reference = ''] = PULL_PATH.exec(req.path) ?? [];
    if (kind === 'manifests') await sendManifest(req, res, { repository, reference }, options);
    else await sendBlob(req, res, reference, options);
  });
  router.use((req) => {
    throw new UsherError('ROUTE_UNKNOWN', { path: printable(`/v2${req.path}`, 128) });
  });
  router.use(specError(options));
  return router;
}

function requireNode(deviceId: string, { images, desk }: OciRegistryOptions): void {
  if (images.isOwnKey(deviceId)) return;
  if (!desk.isAdmitted(deviceId) || !MAY_PULL.includes(desk.statusOf(deviceId).state))
    throw new UsherError('NOT_APPROVED');
}

async function sendManifest(
  req: Request,
  res: Response,
  wanted: { repository: string; reference: string },
  options: OciRegistryOptions,
): Promise<void> {
  const { ns } = req.query;
  const host = typeof ns === 'string' ? ns : OWN_HOST;
  const found = await options.images.manifest({ host, ...wanted });
  if (found === undefined) {
    const name = printable(`${host}/${wanted.repository}:${wanted.reference}`, 255);
    options.logger.warn({ image: name, deviceId: options.deviceIdOf(req) }, 'a node asked for an unknown image');
    throw new UsherError('OCI_IMAGE_UNKNOWN', { name });
  }
  await send(res, found, found.type, options);
}

async function sendBlob(_req: Request, res: Response, digest: string, options: OciRegistryOptions): Promise<void> {
  const found = await options.images.blob(digest);
  if (found === undefined) throw new UsherError('OCI_IMAGE_UNKNOWN', { name: printable(digest, 128) });
  await send(res, found, 'application/octet-stream', options);
}

async function send(
  res: Response,
  { digest, path }: PulledBlob,
  type: string,
  { limits, logger }: OciRegistryOptions,
): Promise<void> {
  res.setHeader('Docker-Content-Digest', digest);
  res.setTimeout(limits.stalledMs, () => res.destroy());
  try {
    await sendFile(res, path, { etag: digest, type });
  } catch (error) {
    if (!res.headersSent) throw error;
    logger.debug({ digest, error: messageOf(error) }, 'a pull broke off');
  }
}

/** Errors as the specification has them, with our code as detail. */
function specError({ logger }: OciRegistryOptions): ErrorRequestHandler {
  return (thrown: unknown, req, res, next) => {
    if (res.headersSent) {
      next(thrown);
      return;
    }
    const { code, message, http, params } = asUsherError(thrown);
    if (code === 'INTERNAL') logger.error({ path: printable(req.path, 128), error: message }, 'a pull failed');
    const isBlob = req.path.includes('/blobs/');
    const named = code === 'OCI_IMAGE_UNKNOWN' && isBlob ? 'BLOB_UNKNOWN' : (SPEC_CODES[code] ?? 'UNSUPPORTED');
    if (typeof params['retryAfterSec'] === 'number') res.setHeader('Retry-After', String(params['retryAfterSec']));
    res.removeHeader('ETag');
    res.removeHeader('Docker-Content-Digest');
    const text = code === 'INTERNAL' ? 'Something unexpected happened' : message;
    res.status(http).json({ errors: [{ code: named, message: text, detail: { code } }] });
  };
}

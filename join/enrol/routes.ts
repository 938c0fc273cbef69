import { TLSSocket } from 'node:tls';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { z } from 'zod';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { asUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { printable } from '../../foundation/text.ts';
import type { JoinDesk, Ticket } from '../core/ports.ts';
import {
  CheckIn,
  ClaimFinal,
  ClaimFirst,
  DeviceHello,
  DeviceReport,
  JoinRequest,
  MAX_BODY_BYTES,
  MAX_WAIT_SEC,
  type ApplianceInfo,
  type CheckInReply,
  type ClaimAnswer,
  type ClaimChallenge,
  type EnrolStatus,
  type JoinTicket,
} from '../protocol/messages.ts';
import { addressOf, countedAs } from './addresses.ts';
import type { Artifacts } from './artifacts.ts';
import type { EnrolAuthority } from './authority.ts';
import type { ClaimProofs } from './claim-proofs.ts';
import type { ConnectionGuard } from './connection-guard.ts';
import type { EnrolCounters } from './counters.ts';
import { Identities, type DeviceIdentity } from './identity.ts';
import type { Identifications } from './identifications.ts';
import type { EnrolLimits } from './limits.ts';
import { RateLimiter, type Limit } from './rate-limiter.ts';
import { isInternal, refusalOf } from './refusals.ts';
import { ociRegistry, type PulledImages } from './oci-registry.ts';
import type { Caller, Registrar } from './registrar.ts';
import { sendFile } from './send-file.ts';

export interface RoutesOptions {
  registrar: Registrar;
  claimProofs: ClaimProofs;
  identifications: Pick<Identifications, 'tell'>;
  desk: JoinDesk;
  artifacts: Artifacts;
  /** Container images that nodes pull. */
  images: PulledImages;
  /** URL of the k3s supervisor at this address of ours; undefined when it is none of the site's. */
  serverUrlAt?: (address: string) => string | undefined;
  authority: Pick<EnrolAuthority, 'applianceId' | 'caPem'>;
  site: string;
  evidenceTypes: readonly string[];
  counters: EnrolCounters;
  limits: EnrolLimits;
  guard: Pick<ConnectionGuard, 'welcome'>;
  clock: Clock;
  logger: Logger;
}

const LONGEST_TEXT = 512;
/** A wait for which a connection is not worth keeping. */
const FAR_OFF_SEC = 15;
const StatusQuery = z.object({
  wait: z.coerce.number().pipe(z.int().min(0).max(MAX_WAIT_SEC)).default(0),
  version: z.coerce.number().pipe(z.int().nonnegative()).optional(),
});
const ArtifactQuery = z.object({ arch: z.string().max(16) });
const EvidenceType = z.object({ evidence: z.object({ type: z.string().max(32) }) });

/** The device API as an Express application; who calls is known from TLS alone. */
export function enrolRoutes(options: RoutesOptions): Express {
  const identities = new Identities();
  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', false).set('query parser', 'simple');
  app.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.use('/v2', ociRegistry({ ...options, deviceIdOf: (req) => identityOf(req, identities).deviceId, ipOf }));
  // Everything that is turned away is turned away before its body is read.
  const { limits } = options;
  app.use(keyLimiter(limits.requestsPerKey, options, identities));
  app.use((req, _res, next) => {
    if (options.desk.isAdmitted(identityOf(req, identities).deviceId)) options.guard.welcome(ipOf(req));
    next();
  });
  app.post('/enroll/v1/hello', helloLimiter(options, identities));
  app.post('/enroll/v1/join', keyLimiter(limits.joinsPerKey, options, identities));
  app.post('/enroll/v1/error', keyLimiter(limits.reportsPerKey, options, identities));
  app.use((req, _res, next) => {
    refuseOversized(req);
    next();
  });
  app.use(express.json({ limit: MAX_BODY_BYTES, strict: true, inflate: false }));
  addEnrolment(app, options, identities);
  addClaimProofs(app, options, identities);
  addJoining(app, options, identities);
  addArtifacts(app, options, identities);
  app.use((req) => {
    throw new UsherError('ROUTE_UNKNOWN', { path: printable(req.path, 128) });
  });
  app.use(errorReply(options));
  return app;
}

function addEnrolment(app: Express, options: RoutesOptions, identities: Identities): void {
  const { registrar, identifications, authority, site, counters, clock } = options;
  app.get('/enroll/v1/info', (_req, res) => {
    const { applianceId, caPem } = authority;
    const info: ApplianceInfo = { v: 1, applianceId, site, caPem, serverTime: toRfc3339(clock.nowMs()) };
    res.json(info);
  });
  app.post('/enroll/v1/hello', async (req, res) => {
    const type = EvidenceType.safeParse(req.body).data?.evidence.type;
    if (type !== undefined && !options.evidenceTypes.includes(type)) {
      throw new UsherError('EVIDENCE_UNSUPPORTED', { kind: printable(type, 32) });
    }
    const hello = parse(DeviceHello, req.body, 'HELLO_INVALID');
    counters.hellos += 1;
    sendStatus(res, await registrar.hello(callerOf(req, identities), hello));
  });
  app.get('/enroll/v1/status', async (req, res) => {
    const { wait, version } = parse(StatusQuery, req.query);
    const { deviceId } = identityOf(req, identities);
    counters.statusRequests += 1;
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const waiting = { waitMs: wait * 1000, ...(version === undefined ? {} : { version }) };
    const status = await registrar.status(deviceId, waiting, gone.signal);
    if (!gone.signal.aborted) sendStatus(res, { ...status, ...identifications.tell(deviceId) });
  });
}

/** A proof is one attempt on one connection, which ends with it. */
function addClaimProofs(app: Express, options: RoutesOptions, identities: Identities): void {
  const { registrar, claimProofs, authority } = options;
  app.post('/enroll/v1/claim/first', (req, res) => {
    const first = parse(ClaimFirst, req.body);
    res.json({ v: 1, data: claimProofs.first(callerOf(req, identities), first) } satisfies ClaimChallenge);
  });
  app.post('/enroll/v1/claim/final', async (req, res) => {
    const final = parse(ClaimFinal, req.body);
    const caller = callerOf(req, identities);
    res.setHeader('Connection', 'close');
    const data = await claimProofs.final(caller, final, (...proven) => registrar.admitByCode(caller, ...proven));
    res.json({ v: 1, data, caPem: authority.caPem } satisfies ClaimAnswer);
  });
}

function addJoining(app: Express, options: RoutesOptions, identities: Identities): void {
  const { registrar, desk, artifacts, counters, clock } = options;
  /** A master on several LANs is one server by several addresses: the device gets the one it came by. */
  const serverFor = (req: Request): string | undefined => options.serverUrlAt?.(addressOf(req.socket.localAddress));
  const admitted = (req: Request): string => {
    const { deviceId } = identityOf(req, identities);
    // Says DEVICE_UNKNOWN to one that has never been here: it must say hello first.
    registrar.statusOf(deviceId);
    if (!desk.isAdmitted(deviceId)) throw new UsherError('NOT_APPROVED');
    return deviceId;
  };
  app.post('/enroll/v1/join', async (req, res) => {
    const request = parse(JoinRequest, req.body);
    const ticket = await desk.requestTicket(admitted(req), request);
    counters.tickets += 1;
    const server = serverFor(req) ?? ticket.server;
    res.json(toMessage({ ...ticket, server }, artifacts, clock.nowMs()));
  });
  app.post('/enroll/v1/joined', async (req, res) => {
    const deviceId = admitted(req);
    await desk.joined(deviceId);
    sendStatus(res, registrar.statusOf(deviceId));
  });
  app.post('/enroll/v1/error', async (req, res) => {
    const report = parse(DeviceReport, req.body);
    const deviceId = admitted(req);
    await desk.report(deviceId, report);
    sendStatus(res, registrar.statusOf(deviceId));
  });
  app.post('/enroll/v1/checkin', async (req, res) => {
    const checkIn = parse(CheckIn, req.body);
    // Whatever became of the device here, what it is to do is the desk's to say.
    const order = await desk.checkIn(identityOf(req, identities).deviceId, checkIn);
    const server = order === 'stay' ? serverFor(req) : undefined;
    const serverTime = toRfc3339(clock.nowMs());
    const reply: CheckInReply = { v: 1, order, serverTime, ...(server === undefined ? {} : { server }) };
    res.json(reply);
  });
}

function addArtifacts(app: Express, options: RoutesOptions, identities: Identities): void {
  const { registrar, artifacts, counters, limits, logger } = options;
  app.get('/enroll/v1/artifacts', (req, res) => {
    registrar.requireVerified(identityOf(req, identities).deviceId);
    res.json(artifacts.listFor(parse(ArtifactQuery, req.query).arch));
  });
  app.get('/enroll/v1/artifacts/:sha256', async (req, res) => {
    const { deviceId } = identityOf(req, identities);
    registrar.requireVerified(deviceId);
    const sha256 = printable(req.params.sha256, 64);
    const path = await artifacts.pathOf(sha256);
    res.setTimeout(limits.stalledMs, () => res.destroy());
    try {
      await sendFile(res, path, { etag: sha256, type: 'application/octet-stream' });
      counters.artifactsSent += 1;
    } catch (error) {
      counters.artifactsBroken += 1;
      logger.debug({ deviceId, sha256, error: messageOf(error) }, 'sending a file to a device broke off');
      if (!res.headersSent) throw error;
    }
  });
}

function keyLimiter(most: Limit, { clock }: RoutesOptions, identities: Identities): RequestHandler {
  const perKey = new RateLimiter(clock, most);
  return (req, _res, next) => {
    limit(perKey.take(identityOf(req, identities).deviceId));
    next();
  };
}

function helloLimiter({ clock, limits }: RoutesOptions, identities: Identities): RequestHandler {
  const perKey = new RateLimiter(clock, limits.helloPerKey);
  const perIp = new RateLimiter(clock, limits.helloPerIp);
  return (req, _res, next) => {
    limit(perKey.take(identityOf(req, identities).deviceId));
    limit(perIp.take(countedAs(ipOf(req))));
    next();
  };
}

function limit(retryAfterSec: number): void {
  if (retryAfterSec > 0) throw new UsherError('RATE_LIMITED', { retryAfterSec });
}

function errorReply({ counters, logger }: RoutesOptions): ErrorRequestHandler {
  return (thrown: unknown, req, res, next) => {
    const error = toUsherError(thrown);
    counters.refusals += 1;
    if (error.code === 'RATE_LIMITED') counters.rateLimited += 1;
    if (isInternal(error))
      logger.error(
        { path: printable(req.path, 128), code: error.code, error: error.message },
        'a device request failed',
      );
    if (res.headersSent) {
      next(thrown);
      return;
    }
    const { status, body } = refusalOf(error);
    if (body.retryAfterSec !== undefined) res.setHeader('Retry-After', String(body.retryAfterSec));
    // Node would go on reading what nobody wants, to keep the connection.
    if (isOversized(req)) res.setHeader('Connection', 'close');
    // In a crowd, a thousand connections that wait for a place would take more memory than all the rest.
    const isInLine = error.code === 'QUEUE_FULL' || error.code === 'ENROL_BUSY';
    if (isInLine && (body.retryAfterSec ?? 0) >= FAR_OFF_SEC) res.setHeader('Connection', 'close');
    // A file may have been announced before sending it failed.
    res.removeHeader('ETag');
    res.status(status).type('json').json(body);
  };
}

/** Whether the body is larger than any good one, or of a length that is not said: no agent of ours sends such. */
function isOversized({ headers }: Request): boolean {
  return Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES || headers['transfer-encoding'] !== undefined;
}

/** body-parser would read such a body to its end before it says no. */
function refuseOversized(req: Request): void {
  if (isOversized(req)) throw new UsherError('REQUEST_TOO_LARGE', { limitBytes: MAX_BODY_BYTES });
}

const RequestError = z.object({ type: z.string().default('it is malformed'), status: z.int().min(400).max(499) });

/** Errors of body-parser, and of Express about a path that cannot be decoded (which has no type), become ours here. */
function toUsherError(thrown: unknown): UsherError {
  const parsed = RequestError.safeParse(thrown);
  if (!parsed.success || thrown instanceof UsherError) return asUsherError(thrown);
  if (parsed.data.type === 'entity.too.large')
    return new UsherError('REQUEST_TOO_LARGE', { limitBytes: MAX_BODY_BYTES });
  return new UsherError('REQUEST_INVALID', { detail: parsed.data.type }, { cause: thrown });
}

function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
  code: 'HELLO_INVALID' | 'REQUEST_INVALID' = 'REQUEST_INVALID',
): T {
  const result = schema.safeParse(value);
  if (result.success) return withoutControls(result.data);
  const [issue] = result.error.issues;
  throw new UsherError(code, { detail: printable(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, 200) });
}

/** The same value with every string made safe to show. Only for what a schema has bounded. */
function withoutControls<T>(value: T): T {
  const clean = (part: unknown): unknown => {
    if (typeof part === 'string') return printable(part, LONGEST_TEXT);
    if (Array.isArray(part)) return part.map(clean);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, child]) => [key, clean(child)]));
  };
  return clean(value) as T;
}

function toMessage(ticket: Ticket, { k3sVersion, pauseImage }: Artifacts, nowMs: number): JoinTicket {
  const { ticketId, nodeName, server, token, nodePassword, expiresAtMs } = ticket;
  return {
    v: 1,
    ticketId,
    nodeName,
    server,
    token: token.reveal(),
    nodePassword: nodePassword.reveal(),
    k3sVersion,
    ...(pauseImage === undefined ? {} : { pauseImage }),
    expiresAt: toRfc3339(expiresAtMs),
    serverTime: toRfc3339(nowMs),
  };
}

function sendStatus(res: Response, status: EnrolStatus): void {
  res.status(status.state === 'pending' ? 202 : 200).json(status);
}

function callerOf(req: Request, identities: Identities): Caller {
  return { identity: identityOf(req, identities), ip: ipOf(req), socket: tlsOf(req) };
}

function identityOf(req: Request, identities: Identities): DeviceIdentity {
  return identities.of(tlsOf(req));
}

function tlsOf(req: Request): TLSSocket {
  if (!(req.socket instanceof TLSSocket)) throw new UsherError('DEVICE_KEY_UNSUITABLE');
  return req.socket;
}

function ipOf(req: Request): string {
  return addressOf(req.socket.remoteAddress);
}

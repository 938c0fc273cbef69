import express, { Router, type Express, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { ApprovalRules } from '../../join/core/approval-rule.ts';
import type { CandidateList, ClaimCodeDesk, EnrolTokens } from '../../join/core/ports.ts';
import type { CardFile } from '../../join/protocol/messages.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import type { SiteImages } from '../../oci/core/image-list.ts';
import type { SiteView } from '../core/schemas.ts';
import { RoleTable } from '../core/people/role-table.ts';
import { ownHostsOnly, type Access } from './access.ts';
import { addressKey, isLoopback } from './client-address.ts';
import { bodyDeadline } from './body-deadline.ts';
import { errorReply } from './error-reply.ts';
import type { EventHub } from './event-hub.ts';
import type { IgnoredMacs } from './ignored-macs.ts';
import { Identifier, NO_IDENTIFY_WAYS, type IdentifyWays } from './identifier.ts';
import { smallBodies } from './json-bodies.ts';
import type { LiveModel } from './live-model.ts';
import type { MachineNames } from './machine-names.ts';
import { openApiDocument } from './openapi.ts';
import type { PageCertificate } from './page-certificate/page-certificate.ts';
import { pageFiles } from './page-files.ts';
import type { AlarmSource } from './alarms.ts';
import { deviceMeant } from './people/device-facts.ts';
import { auditTrail } from './people/audit-trail.ts';
import type { People } from './people/open-people.ts';
import { roleGate } from './people/role-gate.ts';
import { alarmRoutes } from './routes/alarm-routes.ts';
import { approvalRuleRoutes, NO_APPROVAL_RULES } from './routes/approval-rule-routes.ts';
import { auditRoutes } from './routes/audit-routes.ts';
import { claimCodeRoutes } from './routes/claim-code-routes.ts';
import { claimRoutes } from './routes/claim-routes.ts';
import { deviceRoutes } from './routes/device-routes.ts';
import { imageRoutes, NO_IMAGES } from './routes/image-routes.ts';
import { identifyRoutes } from './routes/identify-routes.ts';
import { manifestRoutes } from './routes/manifest-routes.ts';
import { oidcRoutes } from './routes/oidc-routes.ts';
import { apiTokenRoutes, passkeyRoutes, userRoutes } from './routes/people-routes.ts';
import { labelSheetRoutes } from './routes/label-sheet-routes.ts';
import { replacementRoutes } from './routes/replacement-routes.ts';
import { revocationRoutes, type K3sPlace } from './routes/revocation-routes.ts';
import { NO_SERVICES, serviceRoutes, type ServiceSource } from './routes/service-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { siteRoutes } from './routes/site-routes.ts';
import { storyRoutes } from './routes/story-routes.ts';
import { tokenRoutes } from './routes/token-routes.ts';
import { pageCertificateRoutes, trustPages } from './routes/trust-routes.ts';

/** Prometheus metrics, as prom-client's Registry gives them. */
export interface MetricsSource {
  metrics(): Promise<string>;
  readonly contentType: string;
}

export interface AppParts {
  kube: KubeClient;
  tokens: EnrolTokens;
  claimCodes: ClaimCodeDesk;
  candidates: CandidateList;
  alarms: AlarmSource;
  ignoredMacs: IgnoredMacs;
  k3s: K3sPlace;
  makeCard: (token: Secret) => CardFile | Promise<CardFile>;
  site: () => SiteView;
  isKubernetesReady?: (() => boolean) | undefined;
  uiDir: string;
  /** Rules that claim by themselves. */
  approvalRules?: ApprovalRules;
  /** Container images that nodes get from here. */
  images?: SiteImages;
  /** Sensor services and where they run. */
  services?: ServiceSource;
  /** How devices are asked to show themselves. */
  identifyWays?: IdentifyWays;
  clock: Clock;
  random: Random;
  logger: Logger;
  registry?: MetricsSource | undefined;
  names: MachineNames;
  certificate: PageCertificate;
  people: People;
  model: LiveModel;
  hub: EventHub;
}

const RATE_WINDOW_MS = 60_000;
const MAX_REQUESTS = 600;
const BODY_MS = 30_000;

/**
 * The operators' API and page. The order matters: whose host it is comes before everything, the limit on requests
 * before any body is read (a malformed body counts too), and who asks before what is asked.
 */
export function makeApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use(bodyDeadline(parts.clock, BODY_MS));
  app.use(securityHeaders());
  app.use(ownHostsOnly((name) => parts.names.isOwn(name) || parts.certificate.names(name)));
  app.use(requestLimit(parts.people.access));
  app.get('/healthz', (_request, response) => {
    const ready = parts.isKubernetesReady?.() ?? parts.site().kubernetes.ready;
    response.json({ ok: true, kubernetes: { ready } });
  });
  app.get('/metrics', metrics(parts));
  app.use('/trust', trustPages(parts.certificate));
  app.use('/api', api(parts));
  app.use(pageFiles(parts.uiDir));
  app.use(errorReply(parts.logger));
  return app;
}

function api(parts: AppParts): Router {
  const { people, model, clock } = parts;
  const router = Router();
  router.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  const document = openApiDocument();
  router.get('/v1/openapi.json', (_request, response) => {
    response.json(document);
  });
  router.use(auditTrail(people.audit, clock));
  router.use(roleGate(new RoleTable(document), people, { clock, deviceOf: (text) => deviceMeant(model, text) }));
  router.use(smallBodies());
  router.use(
    '/v1',
    sessionRoutes(people),
    oidcRoutes(people),
    userRoutes(people),
    passkeyRoutes(people),
    apiTokenRoutes(people),
    auditRoutes(people.audit),
    siteRoutes(parts.site, model, parts.hub, people.access),
    deviceRoutes(parts),
    storyRoutes(model, parts.kube, parts.clock),
    identifyRoutes(model, new Identifier({ ...parts, ways: parts.identifyWays ?? NO_IDENTIFY_WAYS })),
    replacementRoutes(model, parts.kube),
    revocationRoutes(model, parts.kube, parts.k3s),
    alarmRoutes(parts.alarms),
    manifestRoutes(model, parts.kube),
    claimRoutes(model, parts.kube),
    approvalRuleRoutes(parts.approvalRules ?? NO_APPROVAL_RULES, clock),
    imageRoutes(parts.images ?? NO_IMAGES),
    serviceRoutes(parts.services ?? NO_SERVICES, parts.kube),
    claimCodeRoutes(parts),
    tokenRoutes(parts.tokens, parts.makeCard),
    pageCertificateRoutes(parts.certificate),
    labelSheetRoutes({ ...parts, caFingerprint: () => parts.certificate.view().caFingerprint }),
  );
  router.use((request) => {
    throw new UsherError('ROUTE_UNKNOWN', { path: `/api${request.path}` });
  });
  return router;
}

/** Everything the page needs is its own: no inline script or style, no frame, no other origin. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // The decoder of the page's scanner is WebAssembly, served from here; text still cannot become script.
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // A browser that was told so could never again pass the warning about an authority it does not know.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}

/** Per address; the command line's token is exempt, and cannot be guessed. */
function requestLimit(access: Access): RequestHandler {
  return rateLimit({
    windowMs: RATE_WINDOW_MS,
    limit: MAX_REQUESTS,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request) => addressKey(request.socket.remoteAddress),
    skip: (request) => access.isCommandLine(request),
    handler: (_request, _response, next) =>
      next(new UsherError('RATE_LIMITED', { retryAfterSec: RATE_WINDOW_MS / 1000 })),
  });
}

/** For Prometheus: with an API token, or from this machine. */
function metrics({ people, registry }: AppParts): RequestHandler {
  return async (request, response) => {
    const by = people.access.callerOf(request)?.by;
    const isProgram = by === 'cli' || by === 'api-token';
    if (!isLoopback(request.socket.remoteAddress) && !isProgram) throw new UsherError('SIGN_IN_NEEDED');
    if (registry === undefined) throw new UsherError('ROUTE_UNKNOWN', { path: request.path });
    const text = await registry.metrics();
    response.setHeader('content-type', registry.contentType).send(text);
  };
}

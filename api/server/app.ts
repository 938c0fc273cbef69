import express, { Router, type Express, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import type { Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { EnrolTokens } from '../../join/core/ports.ts';
import type { CardFile } from '../../join/protocol/messages.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import type { SiteView } from '../core/schemas.ts';
import { ownHostsOnly, type Access } from './access.ts';
import { addressKey, isLoopback } from './client-address.ts';
import { errorReply, MAX_BODY_BYTES } from './error-reply.ts';
import type { EventHub } from './event-hub.ts';
import type { LiveModel } from './live-model.ts';
import type { MachineNames } from './machine-names.ts';
import { openApiDocument } from './openapi.ts';
import { pageFiles } from './page-files.ts';
import type { AlarmSource } from './alarms.ts';
import { alarmRoutes } from './routes/alarm-routes.ts';
import { claimRoutes } from './routes/claim-routes.ts';
import { deviceRoutes } from './routes/device-routes.ts';
import { replacementRoutes } from './routes/replacement-routes.ts';
import { revocationRoutes, type K3sPlace } from './routes/revocation-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { siteRoutes } from './routes/site-routes.ts';
import { storyRoutes } from './routes/story-routes.ts';
import { tokenRoutes } from './routes/token-routes.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';

/** Prometheus metrics, as prom-client's Registry gives them. */
export interface MetricsSource {
  metrics(): Promise<string>;
  readonly contentType: string;
}

export interface AppParts {
  kube: KubeClient;
  tokens: EnrolTokens;
  alarms: AlarmSource;
  k3s: K3sPlace;
  makeCard: (token: Secret) => CardFile | Promise<CardFile>;
  site: () => SiteView;
  isKubernetesReady?: (() => boolean) | undefined;
  uiDir: string;
  clock: Clock;
  logger: Logger;
  registry?: MetricsSource | undefined;
  names: MachineNames;
  access: Access;
  sessions: Sessions;
  signIn: SignIn;
  model: LiveModel;
  hub: EventHub;
}

const RATE_WINDOW_MS = 60_000;
const MAX_REQUESTS = 600;

/**
 * The operators' API and page. The order matters: whose host it is comes before everything, the limit on requests
 * before any body is read (a malformed body counts too), and who asks before what is asked.
 */
export function makeApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use(securityHeaders());
  app.use(ownHostsOnly((name) => parts.names.isOwn(name)));
  app.use(requestLimit(parts.access));
  app.get('/healthz', (_request, response) => {
    const ready = parts.isKubernetesReady?.() ?? parts.site().kubernetes.ready;
    response.json({ ok: true, kubernetes: { ready } });
  });
  app.get('/metrics', metrics(parts));
  app.use('/api', api(parts));
  app.use(pageFiles(parts.uiDir));
  app.use(errorReply(parts.logger));
  return app;
}

function api(parts: AppParts): Router {
  const { access, model } = parts;
  const router = Router();
  router.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store');
    next();
  });
  const document = openApiDocument();
  router.get('/v1/openapi.json', (_request, response) => {
    response.json(document);
  });
  router.use(express.json({ limit: MAX_BODY_BYTES }));
  router.use('/v1', sessionRoutes(access, parts.sessions, parts.signIn));
  router.use(
    '/v1',
    access.operatorsOnly,
    siteRoutes(parts.site, model, parts.hub, access),
    deviceRoutes(model, parts.kube, parts.clock),
    storyRoutes(model, parts.kube, parts.clock),
    replacementRoutes(model, parts.kube),
    revocationRoutes(model, parts.kube, parts.k3s),
    alarmRoutes(parts.alarms),
    claimRoutes(model, parts.kube),
    tokenRoutes(parts.tokens, parts.makeCard),
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
    skip: (request) => access.hasApiToken(request),
    handler: (_request, _response, next) =>
      next(new UsherError('RATE_LIMITED', { retryAfterSec: RATE_WINDOW_MS / 1000 })),
  });
}

/** For Prometheus: with the API token, or from this machine. */
function metrics({ access, registry }: AppParts): RequestHandler {
  return async (request, response) => {
    if (!isLoopback(request.socket.remoteAddress) && !access.hasApiToken(request))
      throw new UsherError('SIGN_IN_NEEDED');
    if (registry === undefined) throw new UsherError('ROUTE_UNKNOWN', { path: request.path });
    const text = await registry.metrics();
    response.setHeader('content-type', registry.contentType).send(text);
  };
}

import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { systemRandom, type Random } from '../../foundation/random.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import type { EnrolTokens, JoinDesk } from '../core/ports.ts';
import type { Artifacts } from './artifacts.ts';
import type { EnrolAuthority } from './authority.ts';
import type { Candidates } from './candidates.ts';
import type { ClaimCodes } from './claim-codes.ts';
import { ClaimProofs } from './claim-proofs.ts';
import { ConnectionGuard } from './connection-guard.ts';
import { zeroCounters, type EnrolCounters, type EnrolGauges } from './counters.ts';
import { evidenceVerifiers, type EvidenceVerifiers } from './evidence-verifiers.ts';
import { DEFAULT_ENROL_LIMITS, type EnrolLimits } from './limits.ts';
import { Identifications, type DevicesThatShow } from './identifications.ts';
import { LongPolls } from './long-polls.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { PulledImages } from './oci-registry.ts';
import { Registrar } from './registrar.ts';
import { enrolRoutes, type RoutesOptions } from './routes.ts';

export interface EnrolServerOptions {
  authority: EnrolAuthority;
  desk: JoinDesk;
  tokens: EnrolTokens;
  artifacts: Artifacts;
  /** Container images that nodes pull; default none. */
  images?: PulledImages;
  candidates: Candidates;
  /** Those that operators entered. */
  claimCodes: ClaimCodes;
  /** Hears of what a person must judge. */
  alarms?: AlarmBook;
  /** URL of the k3s supervisor at this address of ours; undefined when it is none of the site's. */
  serverUrlAt?: (address: string) => string | undefined;
  /** Name of the site, as devices show it. */
  site: string;
  /** Address to listen on; all by default. */
  host?: string;
  /** 0 takes a free one. */
  port: number;
  clock: Clock;
  random?: Random;
  logger: Logger;
  limits?: Partial<EnrolLimits>;
  /** Further or other kinds of evidence than tokens. */
  verifiers?: EvidenceVerifiers;
}

/** The running device API. */
export interface EnrolServer extends DevicesThatShow {
  readonly port: number;
  counters(): EnrolCounters & EnrolGauges;
  /** Answers what waits, lets what runs end for a moment, then closes every connection. */
  close(): Promise<void>;
}

/** Longer than the longest poll, and than the ten seconds a proof of two requests may take on one connection. */
const KEEP_ALIVE_MS = 75_000;
const CLOSE_GRACE_MS = 2000;
const MOST_HEADER_BYTES = 8192;

/**
 * Starts the device API: TLS 1.3 with a client certificate that proves a key and nothing else.
 * @throws UsherError LISTEN_FAILED
 */
export async function startEnrolServer(options: EnrolServerOptions): Promise<EnrolServer> {
  const { candidates, clock, logger } = options;
  const { limits, counters, polls, identifications, registrar, guard, ...parts } = partsOf(options);
  const images = options.images ?? NO_IMAGES;
  const app = enrolRoutes({ ...options, ...parts, images, registrar, identifications, counters, limits, guard });
  const server = await tlsServer(options.authority, limits);
  server.on('request', app);
  server.on('tlsClientError', (error) => {
    counters.tlsErrors += 1;
    logger.debug({ error: messageOf(error) }, 'a TLS handshake with a device failed');
  });
  guard.watch(server);
  try {
    await listen(server, options.host, options.port);
  } catch (error) {
    registrar.close();
    throw error;
  }
  server.on('error', (error) => logger.error({ error: messageOf(error) }, 'the listener for devices has a fault'));
  return {
    port: (server.address() as AddressInfo).port,
    counters: () => ({
      ...counters,
      candidates: candidates.list().length,
      longPolls: polls.size,
      connections: guard.open,
    }),
    isListening: (deviceId) => polls.isWaiting(deviceId),
    show(deviceId, what, waitMs) {
      const told = identifications.offer(deviceId, what, waitMs);
      polls.wake(deviceId);
      return told;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      registrar.close();
      polls.endAll();
      const cancel = clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
      await closed;
      cancel();
    },
  };
}

const NO_IMAGES: PulledImages = {
  manifest: () => Promise.resolve(undefined),
  blob: () => Promise.resolve(undefined),
  isOwnKey: () => false,
};

interface Parts extends Omit<RoutesOptions, keyof EnrolServerOptions> {
  limits: EnrolLimits;
  polls: LongPolls;
  identifications: Identifications;
  guard: ConnectionGuard;
}

function partsOf(options: EnrolServerOptions): Parts {
  const { alarms, claimCodes, clock, random = systemRandom } = options;
  const limits: EnrolLimits = { ...DEFAULT_ENROL_LIMITS, ...options.limits };
  const counters = zeroCounters();
  const verifiers = options.verifiers ?? evidenceVerifiers(options.tokens);
  const polls = new LongPolls(clock, limits.longPolls);
  const identifications = new Identifications(clock);
  const told = alarms === undefined ? {} : { alarms };
  const refusedTokensPerIp = new RateLimiter(clock, limits.refusedTokensPerIp);
  return {
    limits,
    counters,
    polls,
    identifications,
    registrar: new Registrar({ ...options, ...told, verifiers, polls, identifications, refusedTokensPerIp }),
    claimProofs: new ClaimProofs({ codes: claimCodes, limits, random, clock, ...told }),
    evidenceTypes: Object.keys(verifiers),
    guard: new ConnectionGuard({ clock, limits, counters }),
  };
}

async function tlsServer(authority: EnrolAuthority, limits: EnrolLimits): Promise<Server> {
  const { cert, key } = await authority.serverCredentials();
  return createServer({
    cert: cert + authority.caPem,
    key: key.reveal(),
    minVersion: 'TLSv1.3',
    requestCert: true,
    // Who signed a device's certificate means nothing: its key is looked at, request by request.
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: limits.headersMs,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: Math.min(5000, limits.headersMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
  });
}

async function listen(server: Server, host: string | undefined, port: number): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(host === undefined ? { port } : { port, host });
  try {
    await listening;
  } catch (error) {
    const address = `${host ?? '*'}:${port}`;
    throw new UsherError('LISTEN_FAILED', { address, detail: messageOf(error) }, { cause: error });
  }
}

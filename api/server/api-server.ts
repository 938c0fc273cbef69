import { createServer, type Server } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { isIPv6, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { ApprovalRules } from '../../join/core/approval-rule.ts';
import type { CandidateList, ClaimCodeDesk, EnrolTokens } from '../../join/core/ports.ts';
import { ClaimCodes } from '../../join/enrol/claim-codes.ts';
import type { CardFile } from '../../join/protocol/messages.ts';
import type { SightingList } from '../../discovery/core/sighting.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../k8s/core/resources.ts';
import type { SiteImages } from '../../oci/core/image-list.ts';
import type { PageCertificateView, SiteView } from '../core/schemas.ts';
import { NO_ALARMS, type AlarmSource } from './alarms.ts';
import { ApiToken } from './api-token.ts';
import { makeApp, type MetricsSource } from './app.ts';
import { limitConnections } from './connection-limit.ts';
import { EventHub } from './event-hub.ts';
import { IgnoredMacs } from './ignored-macs.ts';
import type { IdentifyWays } from './identifier.ts';
import { LiveModel, type Informers } from './live-model.ts';
import { MachineNames } from './machine-names.ts';
import type { TlsFiles } from './page-certificate/given-certificate.ts';
import { openPageCertificate, type AcmeSettings } from './page-certificate/open-page-certificate.ts';
import type { PageCertificate } from './page-certificate/page-certificate.ts';
import { trailDevices } from './people/device-trail.ts';
import { openPeople, type People } from './people/open-people.ts';
import type { K3sPlace } from './routes/revocation-routes.ts';
import { NO_SERVICES, type ServiceSource } from './routes/service-routes.ts';

export interface ApiServerOptions {
  /** Address to listen on; default all. */
  host?: string;
  /** Default 8443; 0 takes a free one. */
  port?: number;
  kube: KubeClient;
  sightings: SightingList;
  candidates: CandidateList;
  tokens: EnrolTokens;
  /** Where claim codes are entered; default one that no device asks. */
  claimCodes?: ClaimCodeDesk;
  /** What a person must judge; default none. */
  alarms?: AlarmSource;
  /** Raises one. */
  raiseAlarm?: AlarmBook['raise'];
  /** Rules that claim by themselves; default none. */
  approvalRules?: ApprovalRules;
  /** The appliance's own caches, when it has them already; else the server makes and stops its own. */
  informers?: Informers;
  site: () => SiteView;
  /** Answers from memory, for /healthz; default what `site` says. */
  isKubernetesReady?: () => boolean;
  /** The `usher.json` of a card with this token. */
  makeCard: (token: Secret) => CardFile | Promise<CardFile>;
  /** Container images that nodes get from here; default none, and none can be loaded. */
  images?: SiteImages;
  /** Sensor services and where they run; default none. */
  services?: ServiceSource;
  /** How devices are asked to show themselves; default not at all. */
  identifyWays?: IdentifyWays;
  /** Folder of the built page. */
  uiDir: string;
  /** Gets `cli.json` and the folder `page`. */
  stateDir: string;
  /** The file that says where else people may sign in (OpenID Connect). */
  oidcConfig?: string | undefined;
  /** Further names by which browsers may call this machine. */
  allowHosts?: readonly string[];
  /** The operators' own certificate for the page; default only one by the site's own authority. */
  tlsFiles?: TlsFiles | undefined;
  /** An ACME server that gives the page its certificate, instead. */
  acme?: AcmeSettings | undefined;
  clock: Clock;
  random: Random;
  logger: Logger;
  registry?: MetricsSource;
  /** The `--data-dir` of the k3s that this appliance runs; default where k3s keeps it by itself. */
  k3sDataDir?: string;
  /** Further fields of `cli.json`; `url` when the default (this machine, or `host`) is not how it is reached. */
  cli?: { url?: string; kubeconfig?: string; k3s?: string };
}

export interface ApiServer {
  readonly port: number;
  /** How the command line on this machine reaches it. */
  readonly url: string;
  /** All addresses of the page, for people. */
  urls(): string[];
  /** A one-time code for the page, valid for ten minutes. */
  newSignInCode(): { code: Secret; expiresAtMs: number };
  /** Who vouches for the page. */
  pageCertificate(): PageCertificateView;
  /** How many follow what happens. */
  eventStreams(): number;
  /** How it stands with the audit log. */
  audit(): Pick<People['audit'], 'isWritable' | 'lostEntries'>;
  close(): Promise<void>;
}

export const DEFAULT_PORT = 8443;
const CERTIFICATE_LOOK_MS = 5_000;
const HANDSHAKE_MS = 10_000;
/** Long enough for browsers and proxies that keep a connection for a minute. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 30_000;
const DEFAULT_K3S_DATA_DIR = '/var/lib/rancher/k3s';
const WILDCARDS = new Set(['', '::', '0.0.0.0']);

/**
 * Starts the operators' API and page.
 * @throws UsherError LISTEN_FAILED, PAGE_CERTIFICATE_FAILED, PAGE_TLS_INVALID, PAGE_TLS_EXPIRED, CONFIG_INVALID
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, random, logger } = options;
  const allowed = [...(options.allowHosts ?? []), ...(options.acme?.names ?? []), ...hostNamesOf(options)];
  const names = new MachineNames(clock, allowed);
  const dir = join(options.stateDir, 'page');
  const { certificate, close: closeCertificate } = await openPageCertificate({ ...options, dir }, names.all());
  const apiToken = await ApiToken.open(options.stateDir, random);
  const people = await openPeople({ ...options, cliToken: apiToken, siteName: () => options.site().name });
  const informers = options.informers ?? ownInformers(options.kube);
  const hub = new EventHub(clock);
  const publish = hub.publish.bind(hub);
  const alarms = options.alarms ?? NO_ALARMS;
  const services = options.services ?? NO_SERVICES;
  const ignoredMacs = new IgnoredMacs(options);
  const model = new LiveModel({ ...options, alarms, services, ignoredMacs, informers, publish });
  const untrail = trailDevices(informers.devices, people.audit);
  const claimCodes = options.claimCodes ?? new ClaimCodes({ clock, random });
  const parts = { registry: options.registry, alarms, claimCodes, ignoredMacs, k3s: k3sPlace(options) };
  const app = makeApp({ ...options, ...parts, names, certificate, people, model, hub });
  const SNICallback: TlsOptions['SNICallback'] = (name, done) => done(null, certificate.contextFor(name));
  const server = createServer({ ...certificate.default, SNICallback, handshakeTimeout: HANDSHAKE_MS }, app);
  const publishFile = (): Promise<void> =>
    apiToken.publish({ ...options.cli, url: urlOf(server, options), caPem: certificate.trustPem });
  const stopRenewing = renewCertificate(server, certificate, { names, publishFile, ...options });
  const close = async (): Promise<void> => {
    stopRenewing();
    await closeCertificate();
    hub.close();
    model.close();
    await ignoredMacs.stop();
    untrail();
    if (options.informers === undefined) await stopAll(informers);
    await closeServer(server);
    await people.close();
  };
  try {
    const port = await listen(server, options);
    const url = urlOf(server, options);
    await publishFile();
    logger.info({ url }, 'the page is served');
    return {
      port,
      url,
      urls: () => urlsOf(options, names, port),
      newSignInCode: () => people.signIn.newCode(),
      pageCertificate: () => certificate.view(),
      eventStreams: () => hub.size,
      audit: () => people.audit,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function k3sPlace({ k3sDataDir, cli }: ApiServerOptions): K3sPlace {
  return { k3s: cli?.k3s ?? 'k3s', dataDir: k3sDataDir ?? DEFAULT_K3S_DATA_DIR };
}

function ownInformers(kube: KubeClient): Informers {
  return { devices: kube.inform(DEVICE), claims: kube.inform(DEVICE_CLAIM), nodes: kube.inform(NODE) };
}

async function stopAll({ devices, claims, nodes }: Informers): Promise<void> {
  await Promise.all([devices.stop(), claims.stop(), nodes.stop()]);
}

interface Renewal extends Pick<ApiServerOptions, 'clock' | 'logger'> {
  names: MachineNames;
  /** Writes cli.json, which says what the command line may trust. */
  publishFile: () => Promise<void>;
}

/** Looks now and then whether the certificates still serve, and changes them in the running server. */
function renewCertificate(
  server: Server,
  certificate: PageCertificate,
  { names, publishFile, clock, logger }: Renewal,
): CancelTimer {
  let isStopped = false;
  let cancel: CancelTimer = () => undefined;
  const look = async (): Promise<void> => {
    try {
      if (!(await certificate.refresh(names.all()))) return;
      // Connections that are open stay as they are.
      server.setSecureContext(certificate.default);
      await publishFile();
    } catch (error) {
      logger.error({ err: error }, 'the certificate of the page could not be renewed');
    }
  };
  const arm = (): void => {
    if (!isStopped) cancel = clock.after(CERTIFICATE_LOOK_MS, () => void look().then(arm));
  };
  arm();
  return () => {
    isStopped = true;
    cancel();
  };
}

function listen(server: Server, { host, port = DEFAULT_PORT }: ApiServerOptions): Promise<number> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // How long a body may take is told request by request (body-deadline.ts).
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = 0;
  limitConnections(server);
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      const address = `${host ?? '*'}:${port}`;
      reject(new UsherError('LISTEN_FAILED', { address, detail: messageOf(error) }, { cause: error }));
    };
    server.once('error', onError);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A host name or address given by flag counts as one of the machine's own. */
function hostNamesOf({ host, cli }: ApiServerOptions): string[] {
  const named = cli?.url === undefined ? undefined : URL.parse(cli.url)?.hostname;
  return [host, named].filter((name) => name !== undefined).filter((name) => !WILDCARDS.has(name));
}

function urlOf(server: Server, { cli, host = '' }: ApiServerOptions): string {
  return cli?.url ?? `https://${authorityOf(host, (server.address() as AddressInfo).port)}`;
}

function urlsOf({ host = '' }: ApiServerOptions, names: MachineNames, port: number): string[] {
  const hosts = WILDCARDS.has(host) ? names.addresses() : [host];
  return hosts.map((name) => `https://${authorityOf(name, port)}`);
}

function authorityOf(host: string, port: number): string {
  if (WILDCARDS.has(host)) return `127.0.0.1:${port}`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

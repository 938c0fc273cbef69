import { createServer, type Server } from 'node:https';
import { isIPv6, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { Secret } from '../../foundation/secret.ts';
import type { CandidateList, EnrolTokens } from '../../join/core/ports.ts';
import type { CardFile } from '../../join/protocol/messages.ts';
import type { SightingList } from '../../discovery/core/sighting.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../k8s/core/resources.ts';
import type { SiteView } from '../core/schemas.ts';
import { Access } from './access.ts';
import { NO_ALARMS, type AlarmSource } from './alarms.ts';
import { ApiToken } from './api-token.ts';
import { makeApp, type MetricsSource } from './app.ts';
import { limitConnections } from './connection-limit.ts';
import { EventHub } from './event-hub.ts';
import { LiveModel, type Informers } from './live-model.ts';
import { MachineNames } from './machine-names.ts';
import { PageCertificate } from './page-certificate.ts';
import type { K3sPlace } from './routes/revocation-routes.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

export interface ApiServerOptions {
  /** Address to listen on; default all. */
  host?: string;
  /** Default 8443; 0 takes a free one. */
  port?: number;
  kube: KubeClient;
  sightings: SightingList;
  candidates: CandidateList;
  tokens: EnrolTokens;
  /** What a person must judge; default none. */
  alarms?: AlarmSource;
  /** The appliance's own caches, when it has them already; else the server makes and stops its own. */
  informers?: Informers;
  site: () => SiteView;
  /** Answers from memory, for /healthz; default what `site` says. */
  isKubernetesReady?: () => boolean;
  /** The `usher.json` of a card with this token. */
  makeCard: (token: Secret) => CardFile | Promise<CardFile>;
  /** Folder of the built page. */
  uiDir: string;
  /** Gets `cli.json` and the folder `page`. */
  stateDir: string;
  /** Further names by which browsers may call this machine. */
  allowHosts?: readonly string[];
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
  /** How many follow what happens. */
  eventStreams(): number;
  close(): Promise<void>;
}

export const DEFAULT_PORT = 8443;
const CERTIFICATE_LOOK_MS = 30_000;
const MIN_TLS = 'TLSv1.2';
const HANDSHAKE_MS = 10_000;
/** Long enough for browsers and proxies that keep a connection for a minute. */
const KEEP_ALIVE_MS = 65_000;
const REQUEST_MS = 30_000;
const DEFAULT_K3S_DATA_DIR = '/var/lib/rancher/k3s';
const WILDCARDS = new Set(['', '::', '0.0.0.0']);

/**
 * Starts the operators' API and page.
 * @throws UsherError LISTEN_FAILED, PAGE_CERTIFICATE_FAILED, CONFIG_INVALID
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, random, logger } = options;
  const names = new MachineNames(clock, [...(options.allowHosts ?? []), ...hostNamesOf(options)]);
  const certificate = await PageCertificate.open({ dir: join(options.stateDir, 'page'), clock, random, logger });
  const apiToken = await ApiToken.open(options.stateDir, random);
  const tls = await certificate.forNames(names.all());
  const informers = options.informers ?? ownInformers(options.kube);
  const hub = new EventHub(clock);
  const publish = hub.publish.bind(hub);
  const alarms = options.alarms ?? NO_ALARMS;
  const model = new LiveModel({ ...options, alarms, informers, publish });
  const sessions = new Sessions(clock, random);
  const signIn = new SignIn(clock, random);
  const access = new Access(apiToken, sessions);
  const parts = { registry: options.registry, alarms, k3s: k3sPlace(options) };
  const app = makeApp({ ...options, ...parts, names, access, sessions, signIn, model, hub });
  const server = createServer(
    { key: tls.key, cert: tls.cert, minVersion: MIN_TLS, handshakeTimeout: HANDSHAKE_MS },
    app,
  );
  const stopRenewing = renewCertificate(server, certificate, names, options);
  const close = async (): Promise<void> => {
    stopRenewing();
    hub.close();
    model.close();
    if (options.informers === undefined) await stopAll(informers);
    await closeServer(server);
  };
  try {
    const port = await listen(server, options);
    const url = options.cli?.url ?? `https://${authorityOf(options.host ?? '', port)}`;
    await apiToken.publish({ ...options.cli, url, caPem: tls.caPem });
    logger.info({ url }, 'the page is served');
    return {
      port,
      url,
      urls: () => urlsOf(options, names, port),
      newSignInCode: () => signIn.newCode(),
      eventStreams: () => hub.size,
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

/** Looks now and then whether the certificate still serves, and changes it in the running server. */
function renewCertificate(
  server: Server,
  certificate: PageCertificate,
  names: MachineNames,
  { clock, logger }: Pick<ApiServerOptions, 'clock' | 'logger'>,
): CancelTimer {
  let used: string | undefined;
  let isStopped = false;
  let cancel: CancelTimer = () => undefined;
  const look = async (): Promise<void> => {
    try {
      const { key, cert } = await certificate.forNames(names.all());
      if (used !== cert) server.setSecureContext({ key, cert, minVersion: MIN_TLS });
      used = cert;
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
  server.requestTimeout = REQUEST_MS;
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

function urlsOf({ host = '' }: ApiServerOptions, names: MachineNames, port: number): string[] {
  const hosts = WILDCARDS.has(host) ? names.addresses() : [host];
  return hosts.map((name) => `https://${authorityOf(name, port)}`);
}

function authorityOf(host: string, port: number): string {
  if (WILDCARDS.has(host)) return `127.0.0.1:${port}`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

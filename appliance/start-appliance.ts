import { hostname } from 'node:os';
import { join } from 'node:path';
import type { PageCertificateView } from '../api/core/schemas.ts';
import { startApiServer, type ApiServer } from '../api/server/api-server.ts';
import type { AcmeSettings } from '../api/server/page-certificate/open-page-certificate.ts';
import { advertiseAppliance } from '../discovery/sources/advertise.ts';
import { startDiscovery, type Discovery } from '../discovery/sources/discovery.ts';
import { asUsherError } from '../foundation/errors.ts';
import type { Secret } from '../foundation/secret.ts';
import { toRfc3339 } from '../foundation/clock.ts';
import { createJoin, type Join } from '../join/controller/create-join.ts';
import { loadOrCreateTicketKey } from '../join/controller/ticket-key.ts';
import { Artifacts } from '../join/enrol/artifacts.ts';
import { loadOrCreateAuthority, type EnrolAuthority } from '../join/enrol/authority.ts';
import { Candidates } from '../join/enrol/candidates.ts';
import { ClaimCodes, deviceOfCode } from '../join/enrol/claim-codes.ts';
import { startEnrolServer, type EnrolServer } from '../join/enrol/server.ts';
import { KubeEnrolTokens } from '../join/enrol/tokens.ts';
import type { ApprovalRules } from '../join/core/approval-rule.ts';
import type { EnrolTokens } from '../join/core/ports.ts';
import type { CardFile } from '../join/protocol/messages.ts';
import type { AlarmBook } from '../k8s/alarms.ts';
import type { Informer } from '../k8s/client/kube-client.ts';
import { DEVICE, DEVICE_CLAIM, NODE, type Device, type DeviceClaim, type Node } from '../k8s/core/resources.ts';
import { EventRecorder } from '../k8s/events.ts';
import { IdentifyJobs } from '../k8s/identify-jobs.ts';
import { supplyArtifacts } from './artifact-supply.ts';
import { readCertificates } from './certificates.ts';
import type { ServiceController } from '../k8s/sensor-services/service-controller.ts';
import type { ImageStore } from '../oci/image-store.ts';
import type { ApplianceConfig } from './config.ts';
import { followAddresses } from './follow-addresses.ts';
import { startKubernetes, type Kubernetes } from './kubernetes.ts';
import { createMetrics, type MetricsSources } from './metrics.ts';
import { openImages } from './image-supply.ts';
import { brokerUrlOf, startServices } from './services.ts';
import { siteView } from './site-view.ts';
import { StopList } from './stop-list.ts';
import type { Surroundings } from './surroundings.ts';
import { applianceVersion } from './version.ts';
import { openVigilance, watchNodePasswords, type Vigilance } from './vigilance.ts';

/** The running appliance. */
export interface Appliance {
  /** Addresses of the operators' page. */
  readonly pageUrls: readonly string[];
  /** A one-time code to sign in with. */
  newSignInCode(): { code: Secret; expiresAtMs: number };
  /** Who vouches for the page. */
  pageCertificate(): PageCertificateView;
  /** Stops everything in reverse order; bounded in time. */
  close(): Promise<void>;
}

/**
 * The composition root: starts every part in order and puts them together. Discovery is first, so that what is plugged in
 * while Kubernetes starts is seen too. If a part fails, those before it are stopped again.
 * @throws UsherError of the part that failed
 */
export async function startAppliance(config: ApplianceConfig, surroundings: Surroundings): Promise<Appliance> {
  const stops = new StopList(surroundings.logger);
  try {
    return await compose(config, surroundings, stops);
  } catch (error) {
    await stops.run();
    throw error;
  }
}

async function compose(config: ApplianceConfig, surroundings: Surroundings, stops: StopList): Promise<Appliance> {
  const { clock, logger, progress } = surroundings;
  progress('Looking at the LAN');
  const discovery = await startDiscovery({
    ...(config.interfaces.length === 0 ? {} : { interfaces: config.interfaces }),
    leaseFiles: config.leaseFiles,
    noLocalDhcpServer: config.noLocalDhcp,
    clock,
    logger,
  });
  stops.add('discovery', () => discovery.stop());

  const kubernetes = await startKubernetes(config, addressesOf(discovery), surroundings);
  stops.add('kubernetes', () => kubernetes.close());
  const { cluster } = kubernetes;
  const unfollow = followAddresses({ addresses: () => addressesOf(discovery), cluster, clock, logger });
  stops.add('addresses', () => {
    unfollow();
    return Promise.resolve();
  });

  progress('Opening the doors');
  const authority = await loadOrCreateAuthority(kubernetes.kube);
  const doors = await openDoors({ config, surroundings, stops, discovery, kubernetes, authority });
  return {
    pageUrls: doors.urls(),
    newSignInCode: () => doors.newSignInCode(),
    pageCertificate: () => doors.pageCertificate(),
    close: () => stops.run(),
  };
}

interface Parts {
  config: ApplianceConfig;
  surroundings: Surroundings;
  stops: StopList;
  discovery: Discovery;
  kubernetes: Kubernetes;
  authority: EnrolAuthority;
}

/** The join part and both of its doors: the device API and the operators' API. */
async function openDoors(parts: Parts): Promise<ApiServer> {
  const { config, surroundings, stops, kubernetes } = parts;
  const { clock, random } = surroundings;
  const { kube } = kubernetes;
  const informers = { devices: kube.inform(DEVICE), claims: kube.inform(DEVICE_CLAIM), nodes: kube.inform(NODE) };
  stops.add('informers', async () => {
    await Promise.all(Object.values(informers).map((informer) => informer.stop()));
  });
  const vigilance = await openVigilance(parts);
  const tokens = new KubeEnrolTokens({ kube, clock, random });
  const { controller: desk, rules } = await startJoin(parts, { ...informers, tokens }, vigilance);
  const candidates = new Candidates(clock);
  stops.add('candidates', () => {
    candidates.close();
    return Promise.resolve();
  });
  const claimCodes = openClaimCodes(parts, informers.devices);
  const images = await openImages(config, parts.authority, surroundings);
  const services = await startServices({
    ...{ kubernetes, surroundings, stops, images: images.store },
    ...{ claims: informers.claims, nodes: informers.nodes },
    brokerUrl: () => brokerUrlOf(config.broker, addressesOf(parts.discovery)),
  });
  const enrol = await startEnrolServer({
    authority: parts.authority,
    claimCodes,
    desk,
    tokens,
    candidates,
    alarms: vigilance.alarms,
    artifacts: await offerArtifacts(parts),
    images: images.pulled,
    serverUrlAt: (address) =>
      addressesOf(parts.discovery).includes(address) ? kubernetes.cluster.joinServerUrl(address) : undefined,
    site: config.site,
    port: config.enrolPort,
    ...listenOn(config),
    clock,
    logger: surroundings.logger.child({ part: 'enrol' }),
  });
  stops.add('enrol', () => enrol.close());
  await advertise(parts);
  const api = await openPage(parts, {
    informers,
    tokens,
    claimCodes,
    candidates,
    enrol,
    rules,
    images: images.store,
    services,
    alarms: vigilance.alarms,
  });
  stops.add('api', () => api.close());
  return api;
}

/** Where claim codes are entered; a code that made a device known is that device's. */
function openClaimCodes({ surroundings, stops }: Parts, devices: Informer<Device>): ClaimCodes {
  const { clock, random } = surroundings;
  const usedBy = (fingerprint: string): string | undefined => deviceOfCode(devices.list(), fingerprint);
  const claimCodes = new ClaimCodes({ clock, random, usedBy });
  stops.add('claim codes', () => {
    claimCodes.close();
    return Promise.resolve();
  });
  return claimCodes;
}

interface Informers {
  devices: Informer<Device>;
  claims: Informer<DeviceClaim>;
  nodes: Informer<Node>;
}

async function startJoin(
  parts: Parts,
  sources: Informers & { tokens: EnrolTokens },
  vigilance: Vigilance,
): Promise<Join> {
  const { discovery, stops, surroundings } = parts;
  const { kube, cluster } = parts.kubernetes;
  const { clock, logger, random } = surroundings;
  const joining = createJoin({
    kube,
    ...sources,
    ticketKey: await loadOrCreateTicketKey({ kube, random }),
    clusterCaHash: () => cluster.caHash(),
    serverUrl: () => cluster.joinServerUrl(addressesOf(discovery)[0] ?? '127.0.0.1'),
    events: new EventRecorder({ kube, clock, logger, instance: hostname() }),
    ...vigilance,
    clock,
    logger: logger.child({ part: 'join' }),
  });
  await joining.start();
  stops.add('join', () => joining.stop());
  const isOfTicket = (nodeName: string, hash: string): Promise<boolean> => joining.isOfTicket(nodeName, hash);
  await watchNodePasswords(parts, vigilance, { nodes: sources.nodes, isOfTicket });
  return joining;
}

interface Doors {
  informers: Informers;
  tokens: EnrolTokens;
  candidates: Candidates;
  claimCodes: ClaimCodes;
  enrol: EnrolServer;
  alarms: AlarmBook;
  rules: ApprovalRules;
  images: ImageStore;
  services: ServiceController;
}

async function openPage(parts: Parts, doors: Doors): Promise<ApiServer> {
  const { informers, tokens, candidates, claimCodes, enrol, alarms, rules } = doors;
  const { config, surroundings, discovery, kubernetes } = parts;
  const { clock, random, logger } = surroundings;
  const { kube, cluster, k3sPath } = kubernetes;
  // The server wants the metrics, and these want to know of the server.
  const opened: { server?: ApiServer } = {};
  const eventStreams = (): number => opened.server?.eventStreams() ?? 0;
  const audit: MetricsSources['audit'] = () => opened.server?.audit() ?? { isWritable: true, lostEntries: 0 };
  const registry = metricsOf(parts, { informers, candidates, enrol, alarms, eventStreams, audit });
  opened.server = await startApiServer({
    ...listenOn(config),
    port: config.pagePort,
    kube,
    sightings: discovery.sightings,
    candidates,
    tokens,
    claimCodes,
    alarms,
    raiseAlarm: (alarm) => alarms.raise(alarm),
    approvalRules: rules,
    images: doors.images,
    services: doors.services,
    informers,
    site: () => siteView({ ...parts, clock }),
    isKubernetesReady: () => kubernetes.isReady(),
    makeCard: (token) => cardFor(token, parts),
    identifyWays: { agent: enrol, node: await identifyJobs(parts) },
    uiDir: join(import.meta.dirname, '../ui/dist'),
    stateDir: config.stateDir,
    allowHosts: [...config.allowHosts, ...config.pageHosts],
    oidcConfig: config.oidcConfig,
    tlsFiles: tlsFilesOf(config),
    acme: acmeOf(config),
    clock,
    random,
    logger: logger.child({ part: 'api' }),
    registry,
    ...(k3sPath === undefined ? {} : { k3sDataDir: join(config.stateDir, 'k3s', 'data') }),
    cli: { kubeconfig: cluster.kubeconfigPath, ...(k3sPath === undefined ? {} : { k3s: k3sPath }) },
  });
  return opened.server;
}

function metricsOf(
  { config, surroundings, discovery, kubernetes, authority }: Parts,
  doors: Omit<Doors, 'rules' | 'images' | 'services' | 'tokens' | 'claimCodes'> &
    Pick<MetricsSources, 'eventStreams' | 'audit'>,
): ReturnType<typeof createMetrics> {
  const { informers, candidates, enrol, alarms, eventStreams, audit } = doors;
  const k3sDir = config.kubeconfig === undefined ? join(config.stateDir, 'k3s/data/server/tls') : undefined;
  return createMetrics({
    discovery: () => discovery.counters(),
    candidates: () => candidates.list().length,
    devices: informers.devices,
    enrol: () => enrol.counters(),
    kubernetesReady: () => kubernetes.isReady(),
    kubeRequests: () => kubernetes.requests.list(),
    onKubeAnswer: (handler) => void kubernetes.requests.onAnswer(handler),
    alarms: () => alarms.list(),
    eventStreams,
    audit,
    certificates: () =>
      readCertificates({
        ...{ enrolmentCaPem: authority.caPem, pageDir: join(config.stateDir, 'page'), k3sDir },
        tlsCertPath: config.tlsCert,
        isByAcme: config.acmeDirectory !== undefined,
      }),
    versions: { version: applianceVersion(), kubernetes: kubernetes.version },
    clock: surroundings.clock,
  });
}

function tlsFilesOf({ tlsCert, tlsKey }: ApplianceConfig): { certPath: string; keyPath: string } | undefined {
  return tlsCert === undefined || tlsKey === undefined ? undefined : { certPath: tlsCert, keyPath: tlsKey };
}

function acmeOf({ acmeDirectory, acmeCa, acmeEmail, acmePort, pageHosts }: ApplianceConfig): AcmeSettings | undefined {
  if (acmeDirectory === undefined) return undefined;
  return { directory: acmeDirectory, caFile: acmeCa, email: acmeEmail, port: acmePort, names: pageHosts };
}

function listenOn({ host }: ApplianceConfig): { host?: string } {
  return host === undefined ? {} : { host };
}

/** Asks joined nodes to show themselves; what an earlier run left of that is removed. */
async function identifyJobs({ config, kubernetes, surroundings }: Parts): Promise<IdentifyJobs> {
  const { clock, logger } = surroundings;
  const jobs = new IdentifyJobs({ kube: kubernetes.kube, pauseImage: config.pauseImage, clock, logger });
  await jobs.sweep();
  return jobs;
}

async function offerArtifacts(parts: Parts): Promise<Artifacts> {
  const { config, kubernetes, surroundings } = parts;
  surroundings.progress('Reading what devices will need');
  const artifacts = new Artifacts({
    k3sVersion: kubernetes.version,
    ...(config.pauseImage === undefined ? {} : { pauseImage: config.pauseImage }),
    cacheFile: join(config.stateDir, 'artifacts.json'),
    logger: surroundings.logger,
  });
  await supplyArtifacts(artifacts, config, kubernetes, surroundings);
  return artifacts;
}

async function advertise({ config, surroundings, stops, discovery, authority }: Parts): Promise<void> {
  const { logger } = surroundings;
  try {
    const advertisement = await advertiseAppliance({
      interfaces: discovery.interfaces().map(({ name }) => name),
      port: config.enrolPort,
      txt: { v: '1', id: authority.applianceId, n: config.site, api: '1' },
    });
    stops.add('advertisement', () => advertisement.stop());
  } catch (error) {
    // Devices try their card's URLs and the gateway first: worth a line, not worth a stop.
    const { code, message } = asUsherError(error);
    logger.warn({ code, detail: message }, 'the appliance cannot be found by mDNS');
  }
}

function cardFor(token: Secret, { config, surroundings, discovery, authority }: Parts): CardFile {
  return {
    v: 1,
    issuedAt: toRfc3339(surroundings.clock.nowMs()),
    urls: addressesOf(discovery).map((address) => `https://${address}:${String(config.enrolPort)}`),
    caPem: authority.caPem,
    token: token.reveal(),
    name: null,
  };
}

function addressesOf(discovery: Discovery): string[] {
  return discovery.interfaces().flatMap(({ addresses }) => addresses);
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DiscoveryCounters } from '../discovery/sources/discovery.ts';
import type { Clock } from '../foundation/clock.ts';
import type { EnrolCounters, EnrolGauges } from '../join/enrol/counters.ts';
import { healthWarnings } from '../join/protocol/health.ts';
import type { Informer } from '../k8s/client/kube-client.ts';
import type { KubeAnswer, RequestCount } from '../k8s/client/request-counts.ts';
import { DEVICE_PHASES, type Device } from '../k8s/core/resources.ts';
import type { CertificateLife } from './certificates.ts';
import { JoinObserver } from './join-observer.ts';

/** Where the figures are read when somebody asks for them; nothing ticks in between. */
export interface MetricsSources {
  discovery: () => DiscoveryCounters;
  candidates: () => number;
  devices: Pick<Informer<Device>, 'list' | 'onChange'>;
  enrol: () => EnrolCounters & EnrolGauges;
  kubernetesReady: () => boolean;
  /** Requests that the appliance sent to the API server. */
  kubeRequests: () => readonly RequestCount[];
  /** Each answer of the API server, as it comes. */
  onKubeAnswer: (handler: (answer: KubeAnswer) => void) => void;
  alarms: () => readonly { code: string }[];
  /** Browsers and programs that follow what happens. */
  eventStreams: () => number;
  audit: () => { isWritable: boolean; lostEntries: number };
  certificates: () => Promise<readonly CertificateLife[]>;
  versions: { version: string; kubernetes: string };
  clock: Clock;
}

const DAY_MS = 86_400_000;
/** Phases in which somebody or something is waited for. */
const WAITING_PHASES = ['Pending', 'Approved', 'Joining'] as const;
const TICKET_STATES = ['ticketing', 'joining'];
const STEP_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
const ANSWER_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** All metrics of the appliance, read from their sources at each scrape (Prometheus naming conventions). */
export function createMetrics(sources: MetricsSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'usher_' });
  for (const figure of gaugesOf(sources)) addGauge(registry, figure);
  for (const figure of countersOf(sources)) addCounter(registry, figure);
  addDevices(registry, sources);
  addJoins(registry, sources);
  addKubeRequests(registry, sources);
  addAlarms(registry, sources.alarms);
  addCertificates(registry, sources);
  const { version, kubernetes } = sources.versions;
  new Gauge({
    name: 'usher_build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'kubernetes', 'node'],
    registers: [registry],
  }).set({ version, kubernetes, node: process.version }, 1);
  return registry;
}

type Figure = readonly [name: string, help: string, read: () => number];

function gaugesOf(sources: MetricsSources): Figure[] {
  const { discovery, enrol, kubernetesReady, candidates, eventStreams, devices, audit } = sources;
  const ticketsOut = (): number =>
    devices.list().filter(({ status }) => TICKET_STATES.includes(status?.join?.state ?? '')).length;
  return [
    ['usher_kubernetes_ready', 'Whether the Kubernetes API answered last time', () => Number(kubernetesReady())],
    ['usher_sightings', 'MAC addresses in the list of sightings', () => discovery().known],
    ['usher_candidates', 'Devices that showed no accepted evidence', candidates],
    ['usher_enrol_long_polls', 'Devices that wait for news', () => enrol().longPolls],
    ['usher_enrol_connections', 'Open connections of devices', () => enrol().connections],
    ['usher_event_streams', 'Browsers and programs that follow what happens', eventStreams],
    ['usher_audit_writable', 'Whether the audit log can be written', () => Number(audit().isWritable)],
    ['usher_tickets_out', 'Tickets that are being made or are out', ticketsOut],
  ];
}

function countersOf({ discovery, enrol, audit }: MetricsSources): Figure[] {
  return [
    ['usher_dhcp_messages_total', 'DHCP messages seen', () => discovery().dhcpMessages],
    ['usher_dhcp_malformed_total', 'DHCP messages that could not be read', () => discovery().dhcpMalformed],
    ['usher_mdns_responses_total', 'mDNS responses seen', () => discovery().mdnsResponses],
    ['usher_sightings_refused_total', 'New MAC addresses above the limit a minute', () => discovery().refusedNew],
    ['usher_sightings_evicted_total', 'Sightings that made room for newer ones', () => discovery().evicted],
    ['usher_enrol_hellos_total', 'Hellos of devices', () => enrol().hellos],
    ['usher_enrol_refusals_total', 'Requests of devices that were refused', () => enrol().refusals],
    ['usher_enrol_rate_limited_total', 'Requests of devices above a limit', () => enrol().rateLimited],
    ['usher_enrol_connections_refused_total', 'Connections of devices above a limit', () => enrol().connectionsRefused],
    ['usher_tickets_total', 'Tickets handed out', () => enrol().tickets],
    ['usher_audit_entries_lost_total', 'Entries that the audit log has lost', () => audit().lostEntries],
  ];
}

function addGauge(registry: Registry, [name, help, read]: Figure): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

function addCounter(registry: Registry, [name, help, read]: Figure): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** How many of each value there are; values that are gone vanish from the scrape. */
function addTally(registry: Registry, name: string, help: string, label: string, read: () => readonly string[]): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const value of read()) this.inc({ [label]: value });
    },
  });
}

function addDevices(registry: Registry, { devices, clock }: MetricsSources): void {
  new Gauge({
    name: 'usher_devices',
    help: 'Devices by phase',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      const phases = devices.list().map((device) => device.status?.phase);
      for (const phase of DEVICE_PHASES) this.set({ phase }, phases.filter((one) => one === phase).length);
    },
  });
  new Gauge({
    name: 'usher_device_oldest_seconds',
    help: 'How long the device has been in its phase that has been in it longest; 0 without one',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      const nowMs = clock.nowMs();
      for (const phase of WAITING_PHASES) {
        const ages = devices
          .list()
          .filter(({ status }) => status?.phase === phase)
          .map(({ status }) => (nowMs - Date.parse(status?.join?.since ?? '')) / 1000);
        this.set({ phase }, Math.max(0, ...ages.filter((age) => Number.isFinite(age))));
      }
    },
  });
  addTally(registry, 'usher_device_warnings', 'Devices whose hardware will fail before long, by code', 'code', () =>
    devices.list().flatMap(({ status }) => healthWarnings(status?.hardware ?? {}).map(({ code }) => code)),
  );
}

function addJoins(registry: Registry, { devices }: MetricsSources): void {
  const registers = [registry];
  const failures = new Counter({
    name: 'usher_failures_total',
    help: 'Failures of devices on their way, by code',
    labelNames: ['code'],
    registers,
  });
  const burnt = new Counter({ name: 'usher_tickets_burnt_total', help: 'Tickets used, burnt or expired', registers });
  const steps = new Histogram({
    name: 'usher_join_step_seconds',
    help: 'How long each step of a join took; whole: from the approval to Ready',
    labelNames: ['step'],
    buckets: STEP_SECONDS,
    registers,
  });
  const observer = new JoinObserver();
  for (const device of devices.list()) observer.changed(device);
  devices.onChange(({ type, object }) => {
    if (type === 'deleted') {
      observer.forget(object);
      return;
    }
    const news = observer.changed(object);
    if (news.failure !== undefined) failures.inc({ code: news.failure });
    if (news.ticketBurnt) burnt.inc();
    for (const { step, seconds } of news.steps) steps.observe({ step }, seconds);
  });
}

function addKubeRequests(registry: Registry, { kubeRequests, onKubeAnswer }: MetricsSources): void {
  new Counter({
    name: 'usher_kube_requests_total',
    help: 'Requests sent to the API server, watches left out',
    labelNames: ['verb', 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { verb, kind, count } of kubeRequests()) this.inc({ verb, kind }, count);
    },
  });
  const answers = new Histogram({
    name: 'usher_kube_answer_seconds',
    help: 'How long the API server took to answer, by class of answer; none: it did not answer',
    labelNames: ['answer'],
    buckets: ANSWER_SECONDS,
    registers: [registry],
  });
  onKubeAnswer(({ answer, tookMs }) => answers.observe({ answer }, tookMs / 1000));
}

function addAlarms(registry: Registry, alarms: MetricsSources['alarms']): void {
  addTally(registry, 'usher_alarms', 'Alarms that nobody has acknowledged, by code', 'code', () =>
    alarms().map(({ code }) => code),
  );
}

function addCertificates(registry: Registry, { certificates, clock }: MetricsSources): void {
  new Gauge({
    name: 'usher_certificate_days_left',
    help: 'Days until a certificate that the site depends on ends',
    labelNames: ['certificate'],
    registers: [registry],
    async collect() {
      this.reset();
      for (const { name, notAfterMs } of await certificates()) {
        this.set({ certificate: name }, (notAfterMs - clock.nowMs()) / DAY_MS);
      }
    },
  });
}

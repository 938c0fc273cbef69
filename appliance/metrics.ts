import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { DiscoveryCounters } from '../discovery/sources/discovery.ts';
import type { EnrolCounters, EnrolGauges } from '../join/enrol/counters.ts';
import { DEVICE_PHASES, type Device } from '../k8s/core/resources.ts';

/** Where the figures are read when somebody asks for them; nothing ticks in between. */
export interface MetricsSources {
  discovery: () => DiscoveryCounters;
  candidates: () => number;
  devices: () => readonly Device[];
  enrol: () => EnrolCounters & EnrolGauges;
  kubernetesReady: () => boolean;
}

/** All metrics of the appliance, read from their sources at each scrape (Prometheus naming conventions). */
export function createMetrics(sources: MetricsSources): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'usher_' });
  const { discovery, enrol } = sources;
  const gauges: readonly Figure[] = [
    [
      'usher_kubernetes_ready',
      'Whether the Kubernetes API answered last time',
      () => Number(sources.kubernetesReady()),
    ],
    ['usher_sightings', 'MAC addresses in the list of sightings', () => discovery().known],
    ['usher_candidates', 'Devices that showed no accepted evidence', sources.candidates],
    ['usher_enrol_long_polls', 'Devices that wait for news', () => enrol().longPolls],
    ['usher_enrol_connections', 'Open connections of devices', () => enrol().connections],
  ];
  const counters: readonly Figure[] = [
    ['usher_dhcp_messages_total', 'DHCP messages seen', () => discovery().dhcpMessages],
    ['usher_dhcp_malformed_total', 'DHCP messages that could not be read', () => discovery().dhcpMalformed],
    ['usher_mdns_responses_total', 'mDNS responses seen', () => discovery().mdnsResponses],
    ['usher_sightings_refused_total', 'New MAC addresses above the limit a minute', () => discovery().refusedNew],
    ['usher_sightings_evicted_total', 'Sightings that made room for newer ones', () => discovery().evicted],
    ['usher_enrol_hellos_total', 'Hellos of devices', () => enrol().hellos],
    ['usher_enrol_refusals_total', 'Requests of devices that were refused', () => enrol().refusals],
    ['usher_enrol_rate_limited_total', 'Requests of devices above a limit', () => enrol().rateLimited],
    ['usher_tickets_total', 'Tickets handed out', () => enrol().tickets],
  ];
  for (const figure of gauges) addGauge(registry, figure);
  for (const figure of counters) addCounter(registry, figure);
  addDevices(registry, sources.devices);
  return registry;
}

type Figure = readonly [name: string, help: string, read: () => number];

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

function addDevices(registry: Registry, devices: () => readonly Device[]): void {
  new Gauge({
    name: 'usher_devices',
    help: 'Devices by phase',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      const phases = devices().map((device) => device.status?.phase);
      for (const phase of DEVICE_PHASES) this.set({ phase }, phases.filter((one) => one === phase).length);
    },
  });
}

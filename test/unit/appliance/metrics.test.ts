import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics, type MetricsSources } from '../../../appliance/metrics.ts';
import { UsherError } from '../../../foundation/errors.ts';
import type { KubeAnswer } from '../../../k8s/client/request-counts.ts';
import type { InformerChange } from '../../../k8s/client/kube-client.ts';
import type { Device, DeviceStatus, JoinState, PersistedJoin } from '../../../k8s/core/resources.ts';
import { device } from '../../support/api-fixture.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ROOT = join(import.meta.dirname, '../../..');
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): string => new Date(START_MS + seconds * 1000).toISOString();

/** Figures behind the metrics that a test moves by hand. */
class Site {
  readonly devices: Device[] = [];
  readonly clock = new ManualClock(START_MS);
  answer: (answer: KubeAnswer) => void = () => undefined;
  readonly #handlers: ((change: InformerChange<Device>) => void)[] = [];
  readonly registry = createMetrics(this.#sources());

  /** The device enters that state. */
  enter(state: JoinState, seconds: number, status: DeviceStatus = {}, join: Partial<PersistedJoin> = {}): void {
    const persisted: PersistedJoin = { schema: 1, state, attempt: 1, since: at(seconds), ...join };
    this.devices[0] = device('d', { phase: 'Joining', join: persisted, ...status });
    for (const handler of this.#handlers) handler({ type: 'updated', object: this.devices[0] });
  }

  async value(metric: string, labels: Record<string, string> = {}): Promise<number | undefined> {
    for (const { values } of await this.registry.getMetricsAsJSON()) {
      const found = values.find((one) => {
        const named = 'metricName' in one ? one.metricName : undefined;
        return (
          named === metric &&
          Object.entries(labels).every(([key, value]) => (one.labels as Record<string, unknown>)[key] === value)
        );
      });
      if (found !== undefined) return found.value;
    }
    const text = await this.registry.metrics();
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    const line = text
      .split('\n')
      .find((each) => each.split(/[{ ]/)[0] === metric && wanted.every((part) => each.includes(part)));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }

  #sources(): MetricsSources {
    return {
      discovery: () => ({
        observations: 0,
        dhcpMessages: 1,
        dhcpMalformed: 0,
        mdnsResponses: 0,
        refusedNew: 0,
        evicted: 0,
        known: 3,
      }),
      candidates: () => 2,
      devices: {
        list: () => this.devices,
        onChange: (handler) => {
          this.#handlers.push(handler);
          return () => undefined;
        },
      },
      enrol: () => ({
        ...{
          hellos: 1,
          refusals: 0,
          rateLimited: 0,
          statusRequests: 0,
          tickets: 4,
          artifactsSent: 0,
          artifactsBroken: 0,
        },
        ...{ connectionsRefused: 0, tlsErrors: 0, candidates: 0, longPolls: 5, connections: 6 },
      }),
      kubernetesReady: () => true,
      kubeRequests: () => [{ verb: 'get', kind: 'Device', count: 7 }],
      onKubeAnswer: (handler) => {
        this.answer = handler;
      },
      alarms: () => [{ code: 'TOKEN_USED' }, { code: 'TOKEN_USED' }],
      eventStreams: () => 8,
      audit: () => ({ isWritable: false, lostEntries: 9 }),
      certificates: () => Promise.resolve([{ name: 'page', notAfterMs: START_MS + 30 * 86_400_000 }]),
      versions: { version: '1.2.3', kubernetes: 'v1' },
      clock: this.clock,
    };
  }
}

describe('metrics', () => {
  it('tell how long each step of a join took, and what became of tickets', async () => {
    const site = new Site();
    site.enter('pending', 0);
    site.enter('approved', 10);
    site.enter('ticketing', 11, {}, { ticketId: 't1' });
    site.enter('joining', 11.5, {}, { ticketId: 't1' });
    expect(await site.value('usher_tickets_out')).toBe(1);
    site.enter('labelling', 20);
    site.enter('ready', 21, { phase: 'Ready' });
    const sum = (step: string): Promise<number | undefined> => site.value('usher_join_step_seconds_sum', { step });
    expect([await sum('approved'), await sum('ticketing'), await sum('joining'), await sum('labelling')]).toEqual([
      1, 0.5, 8.5, 1,
    ]);
    expect(await sum('whole')).toBe(11);
    expect([await site.value('usher_tickets_out'), await site.value('usher_tickets_burnt_total')]).toEqual([0, 1]);
  });

  it('count each failure once, and none that was there before the start', async () => {
    const failure = { ...new UsherError('TICKET_TIMED_OUT', { nodeName: 'n' }).toBody(), since: at(5) };
    const site = new Site();
    site.enter('failed', 5, { failure });
    const failures = (): Promise<number | undefined> =>
      site.value('usher_failures_total', { code: 'TICKET_TIMED_OUT' });
    expect(await failures()).toBeUndefined();
    site.enter('failed', 5, { failure: { ...failure, retryAt: at(9) } });
    expect(await failures()).toBeUndefined();
    site.enter('failed', 8, { failure: { ...failure, since: at(8) } });
    expect(await failures()).toBe(1);
  });

  it('tell how long the oldest has been waiting', async () => {
    const site = new Site();
    site.enter('pending', 0, { phase: 'Pending' });
    site.clock.advance(90_000);
    expect(await site.value('usher_device_oldest_seconds', { phase: 'Pending' })).toBe(90);
    expect(await site.value('usher_device_oldest_seconds', { phase: 'Joining' })).toBe(0);
  });

  it('show warnings, alarms, certificates and how Kubernetes answers', async () => {
    const site = new Site();
    site.enter('ready', 0, { hardware: { macs: [], power: { undervoltage: true } } });
    site.answer({ answer: 'none', tookMs: 5000 });
    expect(await site.value('usher_device_warnings', { code: 'UNDERVOLTAGE' })).toBe(1);
    expect(await site.value('usher_alarms', { code: 'TOKEN_USED' })).toBe(2);
    expect(await site.value('usher_audit_entries_lost_total')).toBe(9);
    expect(await site.value('usher_audit_writable')).toBe(0);
    expect(await site.value('usher_certificate_days_left', { certificate: 'page' })).toBe(30);
    expect(await site.value('usher_kube_answer_seconds_sum', { answer: 'none' })).toBe(5);
    expect(await site.value('usher_build_info', { version: '1.2.3' })).toBe(1);
    site.enter('ready', 0, { hardware: { macs: [] } });
    expect(await site.value('usher_device_warnings', { code: 'UNDERVOLTAGE' })).toBeUndefined();
  });
});

interface Rule {
  alert: string;
  expr: string;
  annotations?: { summary?: string; description?: string; runbook_url?: string };
}

describe('docs/alerts/usher.rules.yaml', async () => {
  const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');
  const { groups } = parse(await read('docs/alerts/usher.rules.yaml')) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);

  it('names only metrics that exist, all of its suffixes taken off', async () => {
    const existing = new Set((await new Site().registry.getMetricsAsJSON()).map(({ name }) => name));
    const named = rules.flatMap(({ expr }) => expr.match(/\busher_\w+/g) ?? []);
    expect(named.length).toBeGreaterThan(10);
    const unknown = named.filter(
      (name) => !existing.has(name) && !existing.has(name.replace(/_(bucket|sum|count)$/, '')),
    );
    expect(unknown).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s says what it is and what to do',
    async (alert, rule) => {
      const { summary = '', description = '', runbook_url = '' } = rule.annotations ?? {};
      expect(summary.length).toBeGreaterThan(10);
      expect(description.length).toBeGreaterThan(10);
      const [file = '', anchor] = runbook_url.split('#');
      const headings = [...(await read(file)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase());
      expect(anchor).toBe(alert.toLowerCase());
      expect(headings).toContain(anchor);
    },
  );
});

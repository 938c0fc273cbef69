import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nextStep, type Situation, type Step } from '../../../bootstrap-image/agent/core/agent-plan.ts';
import { clockCorrection, clockFloor } from '../../../bootstrap-image/agent/core/clock-rule.ts';
import { consoleText, issueText } from '../../../bootstrap-image/agent/core/console-text.ts';
import { decodeResponse, DNS_TYPE, encodeQuery } from '../../../bootstrap-image/agent/core/dns-message.ts';
import { isKubeletCredential, k3sAgentConfig } from '../../../bootstrap-image/agent/core/k3s-config.ts';
import { FRESH_STATE, withSite } from '../../../bootstrap-image/agent/core/local-state.ts';
import { retryDelayMs } from '../../../bootstrap-image/agent/core/retry-schedule.ts';
import { lookUpRegistrars, REGISTRAR_SERVICE } from '../../../bootstrap-image/agent/core/service-lookup.ts';
import { AGENT_VERSION } from '../../../bootstrap-image/agent/core/version.ts';
import { cardFiles } from '../../../bootstrap-image/card.ts';

const BOOTED: Situation = {
  siteKnown: true,
  hasCode: false,
  codeEntered: false,
  cardHoldsToken: true,
  phase: 'new',
  connected: true,
  state: 'approved',
  artifactsReady: true,
  ticketConfirmed: true,
  joinedReported: true,
  k3sConfigured: true,
  k3sDown: false,
};

describe('the plan', () => {
  const cases: [string, Partial<Situation>, Step][] = [
    ['an empty card', { siteKnown: false, connected: false, state: undefined }, 'await-card'],
    ['a first boot', { connected: false, state: undefined }, 'find'],
    ['an appliance found', { state: undefined }, 'hello'],
    ['no evidence', { state: 'pending' }, 'poll'],
    ['no claim', { state: 'verified', artifactsReady: false }, 'poll'],
    ['approved with files missing', { artifactsReady: false }, 'fetch'],
    ['approved', { ticketConfirmed: false }, 'join'],
    ['a cut while writing the ticket', { phase: 'applying' }, 'join'],
    ['started, appliance lost and found', { phase: 'started', ticketConfirmed: false }, 'join'],
    ['started', { phase: 'started', joinedReported: false }, 'report-joined'],
    ['started and said', { phase: 'started' }, 'poll'],
    ['failed after the start', { phase: 'started', state: 'held' }, 'poll'],
    ['the Node is there', { phase: 'started', state: 'joined' }, 'scrub'],
    ['the Node is there, cut before that was noted', { phase: 'applying', state: 'joined' }, 'adopt'],
    ['called joined without k3s here', { state: 'joined', k3sConfigured: false }, 'poll'],
    ['joined, appliance away', { phase: 'joined', connected: false, state: undefined }, 'scrub'],
    ['revoked before', { state: 'revoked', k3sDown: true }, 'poll'],
    ['revoked, and the disk does not know what runs', { state: 'revoked' }, 'stop'],
    ['revoked while joining', { phase: 'started', state: 'revoked' }, 'stop'],
    ['rejected while joining', { phase: 'applying', state: 'rejected' }, 'stop'],
    ['rejected before', { state: 'rejected', k3sDown: true }, 'poll'],
    ['its claim lost while joining', { phase: 'started', state: 'verified' }, 'stop'],
    ['nothing ties it to the site any more, perhaps for a while', { phase: 'started', state: 'pending' }, 'poll'],
    ['done', { phase: 'done', cardHoldsToken: false, connected: false, state: undefined }, 'finish'],
    ['done, and a new token on the card', { phase: 'done', connected: false, state: undefined }, 'find'],
    ['done, and that token is accepted', { phase: 'done', state: 'joined' }, 'scrub'],
  ];
  it.each(cases)('%s', (_what, change, step) => {
    expect(nextStep({ ...BOOTED, ...change })).toBe(step);
  });

  it('another CA on the card forgets the old join, the same CA keeps it', () => {
    const site = { urls: ['https://a'], caPem: 'one', issuedAt: '2026-01-01T00:00:00Z' };
    const done = { ...FRESH_STATE, phase: 'done', site, ticketId: 't' } as const;
    expect(withSite(done, { ...site, caPem: 'two' })).toMatchObject({ phase: 'new', site: { caPem: 'two' } });
    expect(withSite(done, { ...site, caPem: 'two' })).not.toHaveProperty('ticketId');
    expect(withSite(done, { ...site, urls: ['https://b'] })).toMatchObject({
      phase: 'done',
      site: { urls: ['https://b'] },
    });
  });
});

describe('waiting', () => {
  const middle = { bytes: () => Uint8Array.of(127) };
  const delays = (eager: boolean): number[] =>
    Array.from({ length: 12 }, (_, index) => Math.round(retryDelayMs(index + 1, eager, middle) / 10) * 10);
  it('is short after a boot, then doubles to five minutes', () => {
    expect(delays(true)).toEqual([250, 500, 1000, 2000, 4990, 9990, 19980, 39950, 79910, 159810, 299650, 299650]);
    expect(delays(false).slice(0, 4)).toEqual([1000, 4990, 9990, 19980]);
  });
  it('is spread by 30 % either way', () => {
    expect(retryDelayMs(9, false, { bytes: () => Uint8Array.of(0) })).toBe(210_000 * (300 / 300));
    expect(retryDelayMs(9, false, { bytes: () => Uint8Array.of(255) })).toBe(390_000);
  });
});

describe('the clock', () => {
  const localMs = Date.parse('2026-05-01T00:00:00Z');
  const cases: [string, string, boolean, boolean, number | undefined][] = [
    ['a day off', '2026-05-02T00:00:00Z', true, false, Date.parse('2026-05-02T00:00:00Z')],
    ['behind', '2026-04-30T23:59:00Z', true, false, Date.parse('2026-04-30T23:59:00Z')],
    ['30 s off', '2026-05-01T00:00:30Z', true, false, undefined],
    ['not authenticated', '2026-05-02T00:00:00Z', false, false, undefined],
    ['set by NTP', '2026-05-02T00:00:00Z', true, true, undefined],
    ['no date', 'soon', true, false, undefined],
  ];
  it.each(cases)('%s', (_what, serverTime, authenticated, synchronised, expected) => {
    expect(clockCorrection(localMs, { serverTime, authenticated }, synchronised)).toBe(expected);
  });
  it('is never earlier than the card', () => {
    expect(clockFloor(localMs, '2026-06-01T00:00:00Z')).toBe(Date.parse('2026-06-01T00:00:00Z'));
    expect(clockFloor(localMs, '2026-04-01T00:00:00Z')).toBeUndefined();
  });
});

describe('the configuration of k3s', () => {
  const settings = { server: 'https://192.0.2.1:6443', token: 'K10ab::t.s', nodeName: 'lathe-left', cgroupV1: false };
  it('is YAML with the token in it', () => {
    expect(parse(k3sAgentConfig(settings))).toEqual({
      server: 'https://192.0.2.1:6443',
      token: 'K10ab::t.s',
      'kubelet-arg': ['node-status-update-frequency=500ms'],
      'node-name': 'lathe-left',
      'disable-default-registry-endpoint': true,
      'nonroot-devices': true,
    });
  });
  it('helps the kubelet on cgroup v1 and k3s without a default route', () => {
    const link = { interfaceName: 'eth0', ip: '192.0.2.7' };
    expect(parse(k3sAgentConfig({ ...settings, cgroupV1: true, link }))).toMatchObject({
      'kubelet-arg': ['node-status-update-frequency=500ms', 'fail-cgroupv1=false'],
      'node-ip': '192.0.2.7',
      'flannel-iface': 'eth0',
    });
  });
  it('knows the kubelet certificate from its neighbours', () => {
    const files = [
      'client-kubelet.crt',
      'client-kubelet.key',
      'client-k3s-controller.crt',
      'client-kubelet-x',
      'node-password.k3s',
    ];
    expect(files.filter(isKubeletCredential)).toEqual(['client-kubelet.crt', 'client-kubelet.key']);
  });
});

describe('the console', () => {
  const view = { deviceId: 'k4t7m20123456789abcdefghjk', step: 'poll', state: 'verified' } as const;
  it('tells state, problem and remedy, whatever the appliance sent', () => {
    const problem = { code: 'TOKEN_USED', message: 'used\u001B[2J \\n', remedy: 'compare\nboth' };
    const text = consoleText({ ...view, problem });
    expect(text).toContain('device k4t7m2 ');
    expect(text).toContain('waiting to be claimed');
    expect(text).toContain('TOKEN_USED: used[2J \\n\n');
    expect(text).toContain('compareboth');
    expect(issueText({ ...view, problem })).toContain('\\\\n');
  });
});

describe('mDNS', () => {
  const id = 'k4t7m20123456789abcdefghjk';
  const host = ['usher-box', 'local'];
  const instance = ['Site A. north', ...REGISTRAR_SERVICE];
  const full = [
    { type: 'PTR', name: REGISTRAR_SERVICE, target: instance },
    { type: 'TXT', name: instance, values: new Map([['id', id]]) },
    { type: 'SRV', name: instance, target: host, port: 7443 },
    { type: 'A', name: host, address: '192.0.2.1' },
  ] as const;

  it('gives the URL of this site only, and asks for what is missing', () => {
    expect(lookUpRegistrars(full, id)).toEqual({ urls: ['https://192.0.2.1:7443'], questions: [] });
    expect(lookUpRegistrars(full, 'other')).toEqual({ urls: [], questions: [] });
    expect(lookUpRegistrars(full.slice(0, 1), id).questions).toEqual([
      { name: instance, type: DNS_TYPE.TXT },
      { name: instance, type: DNS_TYPE.SRV },
    ]);
    expect(lookUpRegistrars(full.slice(0, 3), id).questions).toEqual([{ name: host, type: DNS_TYPE.A }]);
  });

  it('reads a compressed answer', () => {
    const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
    // Owner at 12: _usher._tcp.local; instance "n" + pointer to it; a TXT, an SRV with a pointer into the name, an A.
    const message = Uint8Array.from([
      ...[0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 3],
      ...[...text('_usher'), ...text('_tcp'), ...text('local'), 0, 0, 12, 0, 1, 0, 0, 0, 120, 0, 4, 1, 110, 0xc0, 12],
      ...[0xc0, 41, 0, 16, 0x80, 1, 0, 0, 0, 120, 0, 5, ...text('id=x')],
      ...[0xc0, 41, 0, 33, 0x80, 1, 0, 0, 0, 120, 0, 10, 0, 0, 0, 0, 0x1d, 0x13, ...text('h'), 0xc0, 24],
      ...[1, 104, 0xc0, 24, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 1],
    ]);
    const records = decodeResponse(message);
    expect(records.map(({ type }) => type)).toEqual(['PTR', 'TXT', 'SRV', 'A']);
    expect(records[0]).toMatchObject({ target: ['n', '_usher', '_tcp', 'local'] });
    expect(records[2]).toMatchObject({ port: 7443, target: ['h', 'local'] });
    expect(lookUpRegistrars(records, 'x').urls).toEqual(['https://192.0.2.1:7443']);
  });

  it('survives loops, truncation and queries', () => {
    const query = encodeQuery([{ name: REGISTRAR_SERVICE, type: DNS_TYPE.PTR }]);
    expect(decodeResponse(query)).toEqual([]);
    const loop = Uint8Array.from([
      0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12,
    ]);
    expect(decodeResponse(loop)).toEqual([]);
    for (let length = 0; length < loop.length; length += 1)
      expect(decodeResponse(loop.subarray(0, length))).toEqual([]);
  });
});

describe('the card', () => {
  const entries = cardFiles({ agentBundle: '/b/agent.mjs', nodeBinary: '/b/node' });
  it('enables exactly the units that must run at the first boot, and every unit says when it runs', () => {
    const links = entries.flatMap(({ path, source }) => (source.kind === 'symlink' ? [[path, source.to]] : []));
    const written = entries.map(({ path }) => path);
    expect(links.map(([path]) => path?.split('/').slice(-2).join('/'))).toEqual([
      'multi-user.target.wants/usher-agent.service',
      'multi-user.target.wants/usher-checkin.service',
      'timers.target.wants/usher-checkin.timer',
      'multi-user.target.wants/usher-identify.path',
    ]);
    for (const [, target] of links) expect(written).toContain(target);
    for (const { path, source } of entries) {
      // The path unit starts this one.
      if (source.kind !== 'file' || !/\.(service|timer|path)$/.test(path) || path.endsWith('identify.service'))
        continue;
      expect(readFileSync(source.from, 'utf8')).toMatch(/\n\[Install\]\nWantedBy=/);
    }
  });
  it('keeps the token out of logs', () => {
    const usherJson = { v: 1, issuedAt: '2026-01-01T00:00:00Z', urls: [], caPem: '', token: 'ush1.secret' } as const;
    const personalised = cardFiles({ agentBundle: '/a', nodeBinary: '/n', usherJson: { ...usherJson, urls: [] } });
    expect(JSON.stringify(personalised)).not.toContain('ush1.secret');
    const card = personalised.find(({ path }) => path === '/boot/firmware/usher.json');
    expect(card?.source.kind === 'secret' && card.source.text.reveal()).toContain('ush1.secret');
  });
  it('names the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(AGENT_VERSION).toBe(version);
  });
});

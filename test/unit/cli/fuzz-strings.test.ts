import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeviceView } from '../../../api/core/schemas.ts';
import { deviceColumns, deviceStory } from '../../../cli/device-text.ts';
import { document, jsonLine, safe, table, tame } from '../../../cli/output.ts';
import { EVENT, EVENTS_NAMESPACE } from '../../../k8s/core/kube-event.ts';
import { POD } from '../../../k8s/core/pods.ts';
import { DEVICE, DEVICE_CLAIM, NODE } from '../../../k8s/core/resources.ts';
import { ApiFixture, device, DEVICE_ID, MAC } from '../../support/api-fixture.ts';
import { ALL_HOSTILE_STRINGS, isTameOnTerminal } from '../../support/hostile-strings.ts';
import { type Outcome, runUsher } from '../../support/run-usher.ts';

vi.setConfig({ testTimeout: 60_000 });
const SEEN_SINCE = '2026-01-01T00:00:00Z';

/** A row every text of which is hostile. */
function hostileRow(text: string, id: string): DeviceView {
  const condition = {
    type: text,
    status: 'True',
    reason: text,
    message: text,
    lastTransitionTime: SEEN_SINCE,
  } as const;
  return {
    ...{
      id,
      shortId: id.slice(0, 6),
      stage: 'Failed',
      state: text,
      waitsFor: text,
      since: SEEN_SINCE,
      macs: [text],
      ip: text,
    },
    ...{
      hostname: text,
      vendor: text,
      model: text,
      serial: text,
      arch: text,
      evidence: 'None',
      claimable: false,
      claim: text,
    },
    ...{
      nodeName: text,
      labels: { [text]: text },
      failure: { code: text, message: text, remedy: text },
      conditions: [condition],
    },
    ...{ seenBy: [{ source: 'dhcp', interface: text, at: SEEN_SINCE, what: text }], reasons: [text] },
  };
}
const rows = ALL_HOSTILE_STRINGS.map((text, index) =>
  hostileRow(text, `${String(index).padStart(6, '0')}c0ffee00000000000000`),
);

describe('what the command line makes of hostile texts', () => {
  it('is a table with one tame line for each row', () => {
    for (const color of [true, false]) {
      const text = table(
        deviceColumns(() => 0),
        rows,
        { wide: true, color },
      );
      expect(isTameOnTerminal(text)).toBe(true);
      expect(text.split('\n')).toHaveLength(rows.length + 1);
    }
  });

  it.each(rows)('is a tame story: $shortId', (row) => {
    const story = deviceStory(row, 0, true);
    expect(isTameOnTerminal(story), JSON.stringify(story)).toBe(true);
    // As many lines as for a harmless text: nothing can add one that looks like ours.
    expect(story.split('\n')).toHaveLength(deviceStory(hostileRow('x', row.id), 0, true).split('\n').length);
  });

  it('is JSON and YAML that programs read as it was, and terminals as text', () => {
    const json = document('json', rows);
    const yaml = document('yaml', rows);
    const line = jsonLine(rows);
    for (const text of [json, yaml, line]) expect(isTameOnTerminal(text)).toBe(true);
    expect(line).not.toContain('\n');
    expect([JSON.parse(json), JSON.parse(line), parse(yaml)]).toEqual([rows, rows, rows]);
  });

  it('is stopped by the last net where a command forgot to look', () => {
    for (const text of ALL_HOSTILE_STRINGS) expect(isTameOnTerminal(tame(text))).toBe(true);
    expect(tame(`\u001b[32m${safe('ok')}\u001b[0m\n`)).toBe('\u001b[32mok\u001b[0m\n');
  });
});

describe('the real program', () => {
  const api = new ApiFixture();
  beforeAll(async () => {
    const alarms = ALL_HOSTILE_STRINGS.map((text, index) => {
      const alarm = { code: 'NODE_PASSWORD_UNEXPECTED', since: SEEN_SINCE, nodeName: text, device: text } as const;
      return { ...alarm, id: `${text}${String(index)}`, message: text, remedy: text };
    });
    const acknowledge = (): Promise<boolean> => Promise.resolve(true);
    await api.start({ alarms: { list: () => alarms, acknowledge, onChange: () => () => undefined } });
    ALL_HOSTILE_STRINGS.forEach((text, index) => {
      const mac = `dc:a6:32:00:00:${index.toString(16).padStart(2, '0')}`;
      const observations = [
        { source: 'mdns', interface: text, atMs: Date.now(), hostname: text, vendorClass: text, suspicious: text },
      ] as const;
      api.sightings.see(mac, {
        hostname: text,
        vendor: text,
        ip: text,
        serial: text,
        observations,
        reasons: [{ matcher: 'm', score: 60, why: text }],
      });
    });
    const text = ALL_HOSTILE_STRINGS.join('').slice(0, 3000);
    const failure = { code: 'INTERNAL', message: text, remedy: text, since: SEEN_SINCE };
    await api.kube.create(DEVICE, device(DEVICE_ID));
    await api.kube.mergePatch(
      DEVICE,
      { name: DEVICE_ID },
      { status: { phase: 'Failed', hardware: { macs: [MAC], model: text, serial: text }, failure } },
      'status',
    );
    await putRest(text);
  });
  /** What else may hold a hostile text: a claim, an Event of the device's story, a token's note, a pod of its node. */
  async function putRest(text: string): Promise<void> {
    const { kube } = api;
    const [claim, node] = ['hostile', 'hostile'];
    await kube.create(DEVICE_CLAIM, {
      ...{ apiVersion: DEVICE_CLAIM.apiVersion, kind: DEVICE_CLAIM.kind, metadata: { name: claim } },
      spec: { match: { serial: text }, nodeName: node, labels: { [text]: text } },
    });
    await kube.create(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
    await kube.mergePatch(DEVICE, { name: DEVICE_ID }, { status: { nodeRef: { name: node, uid: 'n' } } }, 'status');
    const metadata = { name: text, namespace: text };
    await kube.create(POD, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: node } });
    await kube.create(EVENT, {
      ...{ apiVersion: EVENT.apiVersion, kind: EVENT.kind, metadata: { name: 'told', namespace: EVENTS_NAMESPACE } },
      ...{ eventTime: SEEN_SINCE, reportingController: 'usher', reportingInstance: 'usher' },
      ...{ reason: text, type: 'Warning', note: text },
      regarding: { apiVersion: DEVICE.apiVersion, kind: DEVICE.kind, name: DEVICE_ID },
    });
    await api.tokens.create({ kind: 'card', note: text });
  }
  afterAll(() => api.stop());

  const usher = (args: readonly string[], until?: RegExp): Promise<Outcome> =>
    runUsher(args, { USHER_TOKEN_FILE: api.cliFile }, { stopAt: (out) => until?.test(out) === true });

  it.each([
    [['devices']],
    [['devices', '-o', 'wide']],
    [['devices', '-o', 'json']],
    [['devices', '-o', 'yaml']],
    [['device', DEVICE_ID]],
    [['device', 'mac:dc:a6:32:00:00:15']],
    [['device', DEVICE_ID, '-o', 'yaml']],
    [['device', '\u001b]0;x\u0007\u202e']],
    [['claims']],
    [['claims', '-o', 'json']],
    [['alarms', '-o', 'wide']],
    [['alarms', '-o', 'yaml']],
    [['tokens', 'list']],
    [['revoke', DEVICE_ID]],
    [['devices', '--watch'], /raspberry/],
    [['devices', '--watch', '-o', 'json'], /\n$/],
  ])('%j prints nothing that acts on a terminal', async (args, until?: RegExp) => {
    const { out, err } = await usher(args, until);
    expect(isTameOnTerminal(out), JSON.stringify(out.slice(0, 2000))).toBe(true);
    expect(isTameOnTerminal(err), JSON.stringify(err)).toBe(true);
    expect(out + err).not.toBe('');
  });
});

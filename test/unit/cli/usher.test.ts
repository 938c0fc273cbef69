import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClaimView, DeviceView } from '../../../api/core/schemas.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { DEVICE, DEVICE_CLAIM, type Device } from '../../../k8s/core/resources.ts';
import { ApiFixture, device, DEVICE_ID, MAC } from '../../support/api-fixture.ts';
import { LIMIT_MS, type Outcome, type Person, runUsher, USHER } from '../../support/run-usher.ts';

const FAILED_ID = 'fa11edc0ffee00000000000000';
const SEEN_MAC = 'dc:a6:32:00:00:01';
vi.setConfig({ testTimeout: 60_000 });
const api = new ApiFixture();

const usher = (args: readonly string[], env: Record<string, string> = {}, person: Person = {}): Promise<Outcome> =>
  runUsher(args, { USHER_TOKEN_FILE: api.cliFile, ...env }, person);

async function putDevice(id: string, status: Device['status']): Promise<void> {
  await api.kube.create(DEVICE, device(id));
  await api.kube.mergePatch(DEVICE, { name: id }, { status: device(id, status).status }, 'status');
}

beforeAll(async () => {
  await api.start({ cli: { kubeconfig: '/etc/kube.yaml', k3s: join(api.stateDir, 'k3s') } });
  api.sightings.see(MAC, { ip: '10.0.0.5', vendor: 'Raspberry Pi Trading Ltd' });
  api.sightings.see(SEEN_MAC, { hostname: 'evil\u001b[2J\u001b]0;pwned\u0007', ip: '10.0.0.66' });
  await putDevice(DEVICE_ID, {
    hardware: { macs: [MAC], model: 'Raspberry Pi 4 Model B', serial: '10000000abcdef01' },
  });
  await putDevice(FAILED_ID, {
    phase: 'Failed',
    hardware: { macs: [] },
    failure: {
      ...{
        code: 'NODE_NOT_SEEN',
        message: 'No node tank appeared',
        remedy: 'Look at k3s-agent',
        since: '2026-01-01T00:00:00Z',
      },
    },
  });
});
afterAll(() => api.stop());

describe('usher devices', () => {
  it('prints a table for people, without anything that the network put in', async () => {
    const { code, out, err } = await usher(['devices', '-o', 'wide']);
    expect([code, err]).toEqual([0, '']);
    const [title, ...rows] = out.trimEnd().split('\n');
    expect(title).toMatch(/^ID +STAGE +NODE +LABELS +MODEL\/VENDOR +IP +AGE +HOSTNAME .* WAITS FOR$/);
    expect(rows.find((line) => line.startsWith('k4t7m2'))).toMatch(
      /Pending .*Raspberry Pi 4 Model B +10\.0\.0\.5 .*waits for a claim$/,
    );
    expect(rows.find((line) => line.startsWith('fa11ed'))).toContain('No node tank appeared');
    expect(rows.find((line) => line.startsWith(SEEN_MAC))).toContain('evil[2J]0;pwned');
    expect(out).not.toContain('\u001b');
  });

  it('prints what it is for programs', async () => {
    const [json, yaml] = await Promise.all([usher(['devices', '-o', 'json']), usher(['-o', 'yaml', 'devices'])]);
    const { items } = JSON.parse(json.out) as { items: DeviceView[] };
    expect(items.map(({ id }) => id).sort()).toEqual([FAILED_ID, DEVICE_ID, `mac:${SEEN_MAC}`].sort());
    expect(parse(yaml.out)).toEqual({ items });
  });

  it('goes on showing changes, one document a line, until it is stopped', async () => {
    const stopAt = (shown: string): boolean => {
      if (shown.endsWith('\n')) api.sightings.see('dc:a6:32:00:00:77', { ip: '10.0.0.77' });
      return shown.includes('10.0.0.77') && shown.endsWith('\n');
    };
    const { code, out } = await usher(['devices', '--watch', '-o', 'json'], {}, { stopAt });
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    api.sightings.forget('dc:a6:32:00:00:77');
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect([types[0], types.at(-1)]).toEqual(['snapshot', 'device']);
  });
});

describe('usher device', () => {
  it('tells the story of one device, with the remedy', async () => {
    const { out } = await usher(['device', 'fa11ed']);
    expect(out).toContain(`${FAILED_ID}  Failed for`);
    expect(out).toContain('failure: No node tank appeared [NODE_NOT_SEEN]\nremedy:  Look at k3s-agent');
  });

  it('decides', async () => {
    expect((await usher(['device', 'ignore', 'fa11ed'])).out).toBe('device fa11ed ignored\n');
    expect((await api.kube.get(DEVICE, { name: FAILED_ID }))?.spec.decision).toBe('Ignored');
    expect((await usher(['device', 'reconsider', 'fa11ed', '-o', 'json'])).out).toContain('"stage": "Failed"');
    expect((await usher(['device', 'retry', 'fa11ed'])).out).toBe('device fa11ed tried again\n');
  });
});

describe('usher claim', () => {
  it('claims, waits until it is so, and unclaims', async () => {
    const labels = ['--label', 'machine=lathe', '-l', 'location=left', '--taint', 'dedicated=lathe:NoSchedule'];
    const child = usher([
      'claim',
      'k4t7m2',
      '--name',
      'lathe-left',
      ...labels,
      '--pair',
      'lathe-1:Primary',
      '--wait',
      '--timeout',
      '20s',
    ]);
    await expect.poll(() => api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' }), { timeout: LIMIT_MS }).toBeDefined();
    const made = await api.kube.get(DEVICE_CLAIM, { name: 'lathe-left' });
    expect(made?.spec).toEqual({
      match: { device: DEVICE_ID },
      labels: { machine: 'lathe', location: 'left' },
      taints: [{ key: 'dedicated', value: 'lathe', effect: 'NoSchedule' }],
      pair: { name: 'lathe-1', role: 'Primary' },
    });
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Ready',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = { phase: 'Joined', deviceRef: { name: DEVICE_ID, uid: 'u' }, conditions: [ready] };
    await api.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { status }, 'status');
    const { code, out, err } = await child;
    expect([code, out]).toEqual([0, 'claim lathe-left is ready: node lathe-left\n']);
    expect(err).toContain('claim lathe-left made; waiting\n  Pending: waits for claim lathe-left to be bound to it');

    const list = await usher(['claims', '-o', 'json']);
    expect((JSON.parse(list.out) as { items: ClaimView[] }).items).toMatchObject([
      { name: 'lathe-left', phase: 'Joined' },
    ]);
    expect((await usher(['claim', 'k4t7m2', '--name', 'lathe-left'])).code).toBe(4);
    expect((await usher(['unclaim', 'lathe-left'])).out).toBe('claim lathe-left deleted\n');
    const gone = await usher(['unclaim', 'lathe-left']);
    expect([gone.code, gone.err.split('\n')[0]]).toEqual([3, 'error: There is no claim lathe-left [CLAIM_UNKNOWN]']);
  });

  it('gives up waiting when the time is over', async () => {
    const { code, err } = await usher([
      'claim',
      '--serial',
      '4711',
      '--name',
      'tank',
      '--wait=Bound',
      '--timeout',
      '1',
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining('[TIMED_OUT]')]);
  });
});

describe('usher tokens', () => {
  it('makes a card, lists and revokes its token', async () => {
    const card = join(api.stateDir, 'usher.json');
    const { out } = await usher(['tokens', 'create', '--kind', 'card', '--expires', '7d', '--card', card]);
    const [, tokenId = ''] = /^token (\w+) written to /.exec(out) ?? [];
    expect(JSON.parse(readFileSync(card, 'utf8'))).toMatchObject({
      v: 1,
      token: expect.stringContaining(tokenId) as string,
    });
    expect(statSync(card).mode & 0o777).toBe(0o600);
    expect((await usher(['tokens', 'revoke', tokenId])).code).toBe(0);
    expect((await usher(['tokens'])).out).toMatch(new RegExp(`${tokenId} +card +revoked`));
    expect((await usher(['tokens', 'revoke', 'nothing'])).code).toBe(3);
  });
});

describe('usher sign-in-code, status, kubectl', () => {
  it('prints a code that signs in', async () => {
    const { out } = await usher(['sign-in-code']);
    const reply = await api.call('/api/v1/session', { method: 'POST', body: { code: out.trim() } });
    expect(reply.status).toBe(200);
  });

  it('says how the appliance is', async () => {
    expect((await usher(['status'])).out).toContain('kubernetes  ok v1.36.3+k3s1');
  });

  it('hands everything on to the k3s of the appliance, and its exit code back', async () => {
    writeFileSync(join(api.stateDir, 'k3s'), '#!/bin/sh\necho "$@"\nexit 7\n', { mode: 0o755 });
    const { code, out } = await usher(['kubectl', 'get', 'nodes', '-o', 'wide', '--help']);
    expect([code, out]).toEqual([7, 'kubectl --kubeconfig /etc/kube.yaml get nodes -o wide --help\n']);
  });
});

describe('what can go wrong', () => {
  it.each<[string, string[], Record<string, string>, number, string]>([
    ['an unknown command', ['devcies'], {}, 2, 'Did you mean devices?'],
    ['an unknown option', ['devices', '--foo'], {}, 2, "unknown option '--foo'"],
    [
      'a label without a value',
      ['claim', 'x', '--name', 'y', '--label', 'machine'],
      {},
      2,
      'Write a label as key=value.',
    ],
    ['a claim of nothing', ['claim', '--name', 'y'], {}, 2, 'error: Name one device'],
    ['a claim of two things', ['claim', 'x', '--serial', '1', '--name', 'y'], {}, 2, 'error: Name one device'],
    [
      'a label that is not allowed',
      ['claim', '--serial', '1', '--name', 'y', '-l', 'a.k8s.io/x=1'],
      {},
      1,
      '[CLAIM_INVALID]',
    ],
    [
      'a device that is not there',
      ['device', 'zzz'],
      {},
      3,
      'error: No device matches zzz [DEVICE_UNKNOWN]\nremedy: usher devices',
    ],
    ['no appliance at that address', ['devices', '--server', '127.0.0.1:1'], {}, 5, '[APPLIANCE_UNREACHABLE]'],
    ['a server that is no address', ['devices'], { USHER_SERVER: 'http://x' }, 1, '[CONFIG_INVALID]'],
    ['a file that is no cli.json', ['devices', '--token-file', USHER], {}, 1, '[CONFIG_INVALID]'],
  ])('%s', async (_what, args, env, code, text) => {
    const outcome = await usher(args, env);
    expect(outcome.err).toContain(text);
    expect([outcome.code, outcome.out]).toEqual([code, '']);
  });

  it('explains itself', async () => {
    const { code, out } = await usher(['help', 'claim']);
    expect(code).toBe(0);
    expect(out).toContain('Examples:\n  usher claim k4t7m2 --name lathe-left');
    const program = await usher(['--help']);
    expect(program.out).toMatch(/start .*lab .*doctor .*Exit codes:/s);
  });

  it('says so on a Node.js that is too old', () => {
    // The shim refuses by itself on an old Node.js without the one that npm ci brings; its words are the catalogue's.
    const error = new UsherError('NODE_TOO_OLD', { version: 'VERSION' });
    const shim = readFileSync(USHER, 'utf8')
      .replace('${process.versions.node}', 'VERSION')
      .replace('${NEEDED_MAJOR}', '24');
    expect(shim).toContain(`error: ${error.message} [NODE_TOO_OLD]`);
    expect(shim).toContain(`remedy: ${error.remedy}`);
  });
});

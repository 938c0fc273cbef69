import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVICE_CLAIM, type ConfigMap, CONFIG_MAP, type Kind, type KubeObject } from '../../k8s/core/resources.ts';
import { EVENT, type KubeEvent } from '../../k8s/core/kube-event.ts';
import { MASTER } from '../../lab/lab.ts';
import type { CardOptions } from '../../bootstrap-image/card.ts';
import { appliancePid, evaluate, openInspector } from './canary/inspector.ts';
import {
  allReplies,
  call,
  EventStream,
  filesBelow,
  kubernetesObjects,
  logs,
  supportBundle,
} from './canary/materials.ts';
import { ProcessSampler } from './canary/process-sampler.ts';
import { type Canary, keyCanary, type Material, SecretScanner, textCanary } from './canary/secret-scanner.ts';
import { secretsOfClaimCode, secretsOfPeople, secretsOfTheSite } from './canary/site-secrets.ts';
import { plugGenericPi, scanScreen, SCREEN } from './support/generic-pi.ts';
import { deviceOf, eventually, isNodeReady, type RunningSite, startRunningSite } from './support/running-site.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../cli/usher.mjs');
const JOIN_MS = 120_000;
const K3S_CONFIG = '/etc/rancher/k3s/config.yaml';
const NODE_PASSWORD = '/etc/rancher/node/password';
/** The appliance's folder, in the folder of its machine. */
const STATE_ON_DISK = 'disk/real/var-lib-usher';
const DEVICE_KEY = '/var/lib/usher/device.key';

interface RoleBinding extends KubeObject {
  subjects?: unknown[];
}
const ROLE_BINDING: Kind<RoleBinding> = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
};

/** The places that are meant to hold a secret: name of the secret → what `where` may begin with. */
const HOMES: Readonly<Record<string, RegExp>> = {
  'ticket key': /^object Secret usher-system\/ticket-key /,
  'enrolment CA key': /^object Secret usher-system\/enrolment-ca /,
  'bootstrap token of pi-1': /^(object Secret kube-system\/bootstrap-token-|disk of pi-1 .*\/config\.yaml$)/,
  'bootstrap token of pi-2': /^object Secret kube-system\/bootstrap-token-/,
  'join token of pi-1': /^disk of pi-1 .*\/config\.yaml$/,
  'node password of pi-1': /^disk of pi-1 .*\/password$/,
  'typed claim code of pi-4': /^console of pi-4$/,
  'typed claim code of pi-5': /^console of pi-5$/,
  'key of pi-1': /^disk of pi-1 .*\/device\.key$/,
};

describe('secrets in a full join, a failed one, an aborted one and a revocation', () => {
  let running: RunningSite;
  let sampler: ProcessSampler;
  let scanner: SecretScanner;
  const stream = new EventStream();
  const materials: Material[] = [];
  const canaries: Canary[] = [];

  const usher = async (...args: string[]): Promise<Material> => {
    const { stdout, stderr } = await run(process.execPath, [CLI, '--token-file', running.site.cliFile, ...args]);
    return { where: `output of usher ${args.join(' ')}`, content: Buffer.from(stdout + stderr) };
  };
  const onDisk = async (machine: string, path: string): Promise<string> =>
    readFile(running.site.lab.machine(machine).pathOnDisk(path), 'utf8');
  const stageOf = async (id: string): Promise<string> => (await running.client.device(id)).stage;
  const findings = (from: readonly Material[]): string[] =>
    from.flatMap((material) =>
      scanner
        .scan(material)
        .filter((finding) => !(HOMES[finding.replace(/ as .*/, '')]?.test(material.where) ?? false)),
    );

  /** A Raspberry Pi with a card of its own, and the token on it. */
  const addPi = async (name: string): Promise<CardOptions['usherJson']> => {
    const { token, card } = await running.client.createToken({ kind: 'card', note: name });
    canaries.push(
      textCanary(`card token of ${name}`, token),
      textCanary(`secret of the card token of ${name}`, token.slice(16)),
    );
    const usherJson = card as NonNullable<CardOptions['usherJson']>;
    await running.site.lab.addPi({ name, card: await running.site.lab.cards.write(usherJson) });
    await running.site.lab.plug(name);
    return usherJson;
  };
  const noteTicket = async (name: string): Promise<void> => {
    const config = await eventually(`the ticket of ${name}`, JOIN_MS, () =>
      onDisk(name, K3S_CONFIG).catch(() => undefined),
    );
    const [token = ''] = /K10[0-9a-f]{64}::[a-z0-9.]+/.exec(config) ?? [];
    canaries.push(textCanary(`join token of ${name}`, token));
    canaries.push(textCanary(`bootstrap token of ${name}`, token.slice(token.indexOf('.') + 1)));
    canaries.push(textCanary(`node password of ${name}`, await onDisk(name, NODE_PASSWORD)));
  };
  beforeAll(async () => {
    running = await startRunningSite({ labName: 'canary', respawn: true });
    sampler = new ProcessSampler(() => running.site.lab.machines);
    await openInspector(running);
    // What every client asked for, devices too; and what the appliance itself asked Kubernetes for.
    await evaluate(
      running,
      `globalThis.seenUrls = []; {
        const channels = process.getBuiltinModule('node:diagnostics_channel');
        channels.subscribe('http.server.request.start', ({ request }) => seenUrls.push(request.url + ' ' + (request.headers.referer ?? '')));
        channels.subscribe('undici:request:create', ({ request }) => seenUrls.push(request.origin + request.path));
      }`,
    );
    await stream.open(running);
    canaries.push(...(await secretsOfTheSite(running)), ...(await secretsOfPeople(running)));
  });
  afterAll(async () => {
    sampler.stop();
    stream.stop();
    await running.stop();
  });

  it('a full join', { timeout: 300_000 }, async () => {
    const { lab } = running.site;
    const card = await addPi('pi-1');
    const device = await deviceOf(running, 'pi-1');
    await eventually('evidence', JOIN_MS, async () => (await running.client.device(device.id)).claimable);
    await running.client.createClaim({ name: 'pi-1', device: device.id, labels: { machine: 'lathe' } });
    await noteTicket('pi-1');
    materials.push(...(await kubernetesObjects(running.kube, 'during a join')));
    await eventually('node pi-1', JOIN_MS, () => isNodeReady(running, 'pi-1'));
    await eventually('the device', JOIN_MS, async () => (await stageOf(device.id)) === 'Ready');
    canaries.push(keyCanary('key of pi-1', await onDisk('pi-1', DEVICE_KEY)));
    const state = JSON.stringify({ phase: 'done' }).slice(1, -1);
    await eventually('the scrub', JOIN_MS, async () =>
      (await onDisk('pi-1', '/var/lib/usher/state.json')).replaceAll(/\s/g, '').includes(state),
    );
    materials.push(...(await filesBelow(join(lab.machine('pi-1').folder, 'disk'), 'disk of pi-1')));
    // The same card in another board: refused, and told to everybody.
    await lab.addPi({ name: 'pi-3', card: await lab.cards.write(card) });
    await lab.plug('pi-3');
    await eventually('the copied card to be refused', JOIN_MS, async () =>
      (await running.client.devices()).some(({ failure }) => failure?.code === 'TOKEN_USED'),
    );
  });

  it('a failed join, then one that is broken off', { timeout: 300_000 }, async () => {
    const { kube, client, site } = running;
    const rights = { name: 'usher-tickets', namespace: 'kube-system' };
    const binding = await kube.get(ROLE_BINDING, rights);
    if (binding === undefined) expect.fail('the rights of the appliance are bound otherwise');
    await kube.delete(ROLE_BINDING, rights);
    await addPi('pi-2');
    const { id } = await deviceOf(running, 'pi-2');
    await eventually('evidence', JOIN_MS, async () => (await client.device(id)).claimable);
    await client.createClaim({ name: 'pi-2', device: id });
    await eventually('the join to fail', JOIN_MS, async () => (await stageOf(id)) === 'Failed');
    materials.push(...(await kubernetesObjects(kube, 'after a failed join')));
    const { name, namespace = '', labels = {} } = binding.metadata;
    await kube.create(ROLE_BINDING, { ...binding, metadata: { name, namespace, labels } });
    await eventually('another attempt', JOIN_MS, async () => {
      await client.decide(id, 'Retry');
      return (await stageOf(id)) !== 'Failed';
    });
    await noteTicket('pi-2');
    await site.lab.kill('pi-2');
    materials.push(...(await kubernetesObjects(kube, 'while a ticket is out')));
    canaries.push(keyCanary('key of pi-2', await onDisk('pi-2', DEVICE_KEY)));
    await client.decide(id, 'Rejected');
    await eventually('the rejection', JOIN_MS, async () => (await stageOf(id)) === 'Rejected');
  });

  it('a join by a claim code, and one that fails for a mistyped code', { timeout: 300_000 }, async () => {
    const { client, kube, site } = running;
    for (const name of ['pi-4', 'pi-5']) {
      await plugGenericPi(running, name);
      const url = await scanScreen(running, name);
      const { typed, mistyped, canaries: own } = secretsOfClaimCode(name, url);
      canaries.push(...own);
      materials.push({ where: `screen of ${name}`, content: Buffer.from(await onDisk(name, SCREEN)) });
      const { id } = await deviceOf(running, name);
      const isGood = name === 'pi-4';
      await client.enterClaimCode({ code: isGood ? url : mistyped });
      await client.createClaim({ name, match: { device: id } });
      await eventually('the proof', JOIN_MS, async () => {
        const { state } = await client.claimCode(id);
        return state === (isGood ? 'proven' : 'refused');
      });
      if (isGood) await eventually(`node ${name}`, JOIN_MS, () => isNodeReady(running, name));
      else await client.enterClaimCode({ code: typed });
      materials.push(...(await kubernetesObjects(kube, `with the claim code of ${name}`)));
    }
    await site.lab.kill('pi-5');
    await eventually('the screen to be cleared', JOIN_MS, async () => !/[█▀▄]/.test(await onDisk('pi-4', SCREEN)));
    materials.push(...(await filesBelow(join(site.lab.machine('pi-4').folder, 'disk'), 'disk of pi-4')));
  });

  it('a revocation', { timeout: 120_000 }, async () => {
    const { id } = await deviceOf(running, 'pi-1');
    await running.client.decide(id, 'Revoked');
    await eventually('the node to go', JOIN_MS, async () => !(await isNodeReady(running, 'pi-1')));
    materials.push(...(await kubernetesObjects(running.kube, 'in the end')));
    materials.push(...(await allReplies(running, { id, name: 'pi-1', tokenId: 'unknown' })));
    const { body } = await call(running, '/metrics');
    materials.push({ where: 'metrics', content: body }, stream.material(), await supportBundle(running, 'clean'));
    for (const args of [
      ['devices', '-o', 'wide'],
      ['devices', '-o', 'json'],
      ['device', id],
      ['claims', '-o', 'json'],
    ]) {
      materials.push(await usher(...args));
    }
    for (const args of [['tokens', 'list', '-o', 'yaml'], ['status'], ['alarms', '-o', 'json']])
      materials.push(await usher(...args));
    materials.push({ where: 'URLs', content: Buffer.from(String(await evaluate(running, 'seenUrls.join("\\n")'))) });
    materials.push(...sampler.materials(), ...(await logs(running)));
    materials.push(...(await filesBelow(join(running.site.master.folder, STATE_ON_DISK, 'audit'), 'audit log')));
    scanner = new SecretScanner(canaries);
  });

  const CHANNELS: [channel: string, where: RegExp, least: number][] = [
    ['logs', /^log of (master|pi-[1245]|k3s on the master)$/, 6],
    ['consoles', /^console of pi-[1245]$/, 4],
    ['Events', /^object Event /, 3],
    ['all other objects', /^object (?!Event )/, 60],
    ['command lines', /^process cmdline on (master|pi-[1245])$/, 5],
    ['environments', /^process environ on (master|pi-[1245])$/, 5],
    ['URLs and Referer', /^URLs$/, 1],
    ['metrics', /^metrics$/, 1],
    ['the stream of events', /^event stream$/, 1],
    ['replies of the API', /^reply to GET /, 10],
    ['the support bundle', /^support bundle$/, 1],
    ['the audit log', /^audit log /, 1],
    ['the disks of joined Pis', /^disk of pi-[14] /, 40],
    ['output of the command line', /^output of usher /, 7],
  ];
  const of = (where: RegExp): Material[] => materials.filter((material) => where.test(material.where));

  it.each(CHANNELS)('are not in %s', (_channel, where, least) => {
    const looked = of(where).filter(({ content }) => content.length > 0);
    expect(looked.length).toBeGreaterThanOrEqual(least);
    expect(findings(looked)).toEqual([]);
  });

  it('are where they belong, which shows that they are the right ones and found', () => {
    const found = (where: RegExp): string[] => of(where).flatMap((material) => scanner.scan(material));
    expect(found(/^object Secret usher-system\/ticket-key in the end/).join()).toContain('ticket key as plain');
    expect(found(/^object Secret usher-system\/enrolment-ca in the end/).join()).toContain(
      'enrolment CA key as base64',
    );
    expect(found(/^disk of pi-1 .*device\.key$/).join()).toContain('key of pi-1 as base64');
    expect(found(/^disk of pi-1 .*config\.yaml$/).join()).toContain('join token of pi-1 as plain');
    expect(found(/^screen of pi-4$/).join()).toContain('typed claim code of pi-4 as plain');
    const ticket = found(/^object Secret kube-system\/bootstrap-token-\S+ while a ticket is out/);
    expect(ticket.join()).toContain('bootstrap token of pi-2 as plain');
  });

  it('are not in the report of a crash, and no memory is dumped', async () => {
    const pid = await appliancePid(running);
    const limits = await running.site.lab.execIn(MASTER, ['cat', `/proc/${pid}/limits`]);
    expect(limits.stdout).toMatch(/^Max core file size\s+0\s+0/m);
    await crash();
    await eventually('another appliance', JOIN_MS, async () => (await appliancePid(running)) !== pid);
    const said = (await logs(running)).filter(({ where }) => where === `log of ${MASTER}`);
    expect(said.map(({ content }) => content.toString()).join()).toContain(
      'the appliance crashed: {"origin":"uncaughtException"',
    );
    expect(findings(said)).toEqual([]);
    const files = await filesBelow(join(running.site.master.folder, STATE_ON_DISK), 'state of the master');
    expect(files.filter(({ where }) => /core|heap|report/i.test(where))).toEqual([]);
  });

  /** Makes the appliance crash with an error that holds secrets, as one of a library might. */
  async function crash(before = ''): Promise<void> {
    const held = JSON.stringify(
      Object.fromEntries(canaries.map(({ name, value }) => [name, value.toString('latin1')])),
    );
    const error = `Object.assign(new Error(JSON.stringify(${held})), { headers: ${held} })`;
    await evaluate(running, `${before}; setTimeout(() => { throw ${error}; }, 50); 0`);
  }

  /** A secret without a form by which the support bundle could know it. */
  const planted = (name = 'CSRF token'): string =>
    canaries.find((canary) => canary.name === name)?.value.toString() ?? '';

  describe('a build that leaks would be caught', () => {
    const token = (): string => planted('card token of pi-1');
    const base64 = (text: string): string => Buffer.from(`x${text}`).toString('base64');
    const caught = (from: Material[]): string => findings(from).join('\n');

    beforeAll(async () => {
      await eventually('the appliance', JOIN_MS, async () => (await running.client.site()).kubernetes.ready);
      await openInspector(running);
    });

    it('by a logger', async () => {
      await evaluate(
        running,
        `process.stderr.write(${JSON.stringify(JSON.stringify({ msg: 'x', all: base64(token()) }))} + '\\n'); 0`,
      );
      await eventually('the line', 10_000, async () =>
        caught(await logs(running)).includes('as base64+1 in log of master'),
      );
    });

    it('in a label: objects, event stream, replies, command line and support bundle', async () => {
      const follow = new EventStream();
      await follow.open(running);
      const spec = { match: { serial: 'nobody' }, labels: { leak: planted() } };
      await running.kube.create(DEVICE_CLAIM, {
        apiVersion: 'usher.internal/v1alpha1',
        kind: 'DeviceClaim',
        metadata: { name: 'leaky' },
        spec,
      });
      await eventually('the event', 20_000, () =>
        caught([follow.material()]).includes('CSRF token as plain in event stream'),
      );
      follow.stop();
      expect(caught(await kubernetesObjects(running.kube, 'leaking'))).toContain(
        'CSRF token as plain in object DeviceClaim',
      );
      expect(caught(await allReplies(running, { name: 'leaky' }))).toContain(
        'CSRF token as plain in reply to GET /api/v1/claims',
      );
      expect(caught([await usher('claims', '-o', 'json')])).toContain('CSRF token as plain in output of usher claims');
      expect(caught([await supportBundle(running, 'leaky')])).toContain('CSRF token as plain in support bundle');
    });

    it('in an Event and in metrics', async () => {
      const regarding = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', namespace: 'default' };
      const event: KubeEvent = {
        ...{ apiVersion: EVENT.apiVersion, kind: EVENT.kind, metadata: { name: 'leaky', namespace: 'default' } },
        ...{
          eventTime: '2026-01-01T00:00:00.000000Z',
          reportingController: 'a.b/c',
          reportingInstance: 'x',
          action: 'Leak',
        },
        ...{ reason: 'Leak', regarding, type: 'Normal', note: Buffer.from(token()).toString('hex') },
      };
      await running.kube.create(EVENT, event);
      expect(caught(await kubernetesObjects(running.kube, 'leaking'))).toContain('as hex in object Event');
      const alarm = { code: encodeURIComponent(planted()), message: 'x', remedy: 'x', since: '2026-01-01T00:00:00Z' };
      const data = { leak: JSON.stringify(alarm) };
      await running.kube.mergePatch<ConfigMap>(CONFIG_MAP, { name: 'alarms', namespace: 'usher-system' }, { data });
      await eventually('the metric', 20_000, async () => {
        const { body } = await call(running, '/metrics');
        return caught([{ where: 'metrics', content: body }]).includes('CSRF token as plain in metrics');
      });
    });

    it.each([MASTER, 'pi-3'])('in a command line and an environment on %s', async (machine) => {
      const sleeping = running.site.lab.execIn(machine, ['sh', '-c', 'sleep 2; :', token()], {
        env: { LEAK: base64(token()) },
      });
      await eventually('the processes', 10_000, () => {
        const now = caught(sampler.materials());
        return (
          now.includes(`as plain in process cmdline on ${machine}`) && now.includes(`in process environ on ${machine}`)
        );
      });
      await sleeping;
    });

    it('in a URL', async () => {
      await evaluate(
        running,
        `globalThis.seenUrls = []; process.getBuiltinModule('node:diagnostics_channel').subscribe('http.server.request.start', ({ request }) => seenUrls.push(request.url)); 0`,
      );
      const percent = [...Buffer.from(token())].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
      await call(running, `/api/v1/devices/${percent}`);
      const content = Buffer.from(String(await evaluate(running, 'seenUrls.join("\\n")')));
      expect(caught([{ where: 'URLs', content }])).toContain('as percent-encoded in URLs');
    });

    it('on the disk of a Pi', async () => {
      const escaped = [...Buffer.from(token())].map((byte) => `\\u00${byte.toString(16)}`).join('');
      await running.site.lab.execIn('pi-3', ['sh', '-c', 'cat >/var/lib/usher/leak'], { input: escaped });
      const files = await filesBelow(join(running.site.lab.machine('pi-3').folder, 'disk'), 'disk of pi-3');
      expect(caught(files)).toMatch(/as JSON-escaped in disk of pi-3 .*\/leak/);
    });

    it('by a crash that nobody guards', async () => {
      await crash("process.removeAllListeners('uncaughtException')");
      await eventually('the report', 30_000, async () =>
        caught(await logs(running)).includes('API token as plain in log of master'),
      );
    });
  });
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsherError } from '../../foundation/errors.ts';
import { REGISTRAR_NAME } from '../../join/protocol/messages.ts';
import { buildNodeImage, buildTestImage } from '../support/image-source.ts';
import { clientCertificate } from '../support/test-device.ts';
import { deviceOf, eventually, isNodeReady, POD, type RunningSite, startRunningSite } from './support/running-site.ts';
import { newCard, Stranger } from './support/stranger.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../cli/usher.mjs');
const ARCH = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Says in its log what it is, and whether it could write to its root. */
const PROGRAM = (version: string): string => `
import { writeFileSync } from 'node:fs';
let root = 'writable';
try { writeFileSync('/app/x', 'x'); } catch (error) { root = (error as NodeJS.ErrnoException).code ?? ''; }
console.log(JSON.stringify({ node: process.version, uid: process.getuid?.(), root, version: '${version}' }));
setInterval(() => undefined, 1000);
process.on('SIGTERM', () => process.exit(0));
`;

describe('container images of the site', () => {
  let running: RunningSite;
  const cleanups: (() => Promise<void>)[] = [];
  const times: Record<string, number> = {};
  const usher = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [CLI, '--token-file', running.site.cliFile, ...args], { timeout: 90_000 })).stdout;
  const timed = async <T>(name: string, work: Promise<T>): Promise<T> => {
    const startMs = Date.now();
    const result = await work;
    times[name] = Date.now() - startMs;
    return result;
  };
  const build = async (version: string): Promise<string> => {
    const source = { name: 'probe', version, program: PROGRAM(version), architectures: [ARCH] } as const;
    const { path, remove } = await buildTestImage(source);
    cleanups.push(remove);
    return path;
  };

  beforeAll(async () => {
    running = await startRunningSite({ labName: 'images' });
    const { lab } = running.site;
    await lab.addPi({ name: 'pi-1' });
    await lab.plug('pi-1');
    const device = await deviceOf(running, 'pi-1');
    await usher('claim', device.shortId, '--name', 'tank', '--label', 'machine=tank');
    await eventually('node tank to be Ready', 90_000, () => isNodeReady(running, 'tank'));
  }, 240_000);
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify({ images: times })}\n`);
    await running.stop();
    for (const cleanup of cleanups) await cleanup();
  }, 120_000);

  async function startPod(name: string, image: string, command?: string[]): Promise<void> {
    await running.kube.create(POD, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: {
        nodeSelector: { machine: 'tank' },
        terminationGracePeriodSeconds: 1,
        ...(command === undefined ? {} : { restartPolicy: 'Never' }),
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            ...{ name: 'app', image, ...(command === undefined ? {} : { command }) },
            securityContext: {
              ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
              capabilities: { drop: ['ALL'] },
            },
          },
        ],
      },
    } as never);
  }
  const phaseOf = async (name: string): Promise<string | undefined> =>
    (await running.kube.get(POD, { name, namespace: 'default' }))?.status?.phase;
  const logOf = (name: string): Promise<unknown> =>
    eventually(`the log of ${name}`, 20_000, async () => {
      const text = await usher('kubectl', 'logs', name);
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    });

  it('come to a node from the master: non-root, with a root it cannot write', async () => {
    const archive = await build('1');
    const loaded = JSON.parse(await timed('loadMs', usher('oci', 'load', archive, '-o', 'json'))) as {
      items: { name: string; platforms: string[]; bytes: number }[];
    };
    expect(loaded.items).toMatchObject([{ name: 'usher.internal/probe:1', platforms: [`linux/${ARCH}`] }]);
    times['bytes'] = loaded.items[0]?.bytes ?? 0;
    await startPod('first', 'usher.internal/probe:1');
    await timed(
      'firstPullToRunningMs',
      eventually('the pod to run', 60_000, async () => (await phaseOf('first')) === 'Running'),
    );
    const node = `v${process.versions.node}`;
    expect(await logOf('first')).toEqual({ node, uid: 65_532, root: 'EROFS', version: '1' });
  });

  it('are updated by a new tag, of which a node fetches only what is new', async () => {
    await usher('oci', 'load', await build('2'));
    await startPod('second', 'usher.internal/probe:2');
    await timed(
      'secondPullToRunningMs',
      eventually('the pod to run', 60_000, async () => (await phaseOf('second')) === 'Running'),
    );
    expect(await logOf('second')).toMatchObject({ version: '2' });
    const names = JSON.parse(await usher('oci', 'list', '-o', 'json')) as { items: { name: string }[] };
    expect(names.items.map(({ name }) => name)).toEqual(['usher.internal/probe:1', 'usher.internal/probe:2']);
  });

  it('share what they have in common: the one of every node brings only its programs', async () => {
    await usher('oci', 'load', await buildNodeImage(running.site.lab.labDir, '0', ARCH));
    await startPod('node-version', 'usher.internal/usher-node:0', ['/usr/bin/node', '--version']);
    await timed(
      'nodeImagePullToEndMs',
      eventually('the pod to end', 60_000, async () => (await phaseOf('node-version')) === 'Succeeded'),
    );
    expect(await usher('kubectl', 'logs', 'node-version')).toBe(`v${process.versions.node}\n`);
  });

  it('say so when there is none of that name', async () => {
    await startPod('none', 'usher.internal/unknown:1');
    const events = await eventually('an event that says it', 30_000, async () => {
      const text = await usher('kubectl', 'get', 'events', '--field-selector', 'involvedObject.name=none');
      return /unknown:1.*not found|OCI_IMAGE_UNKNOWN/i.test(text) ? text : undefined;
    });
    expect(events).toContain('usher.internal/unknown:1');
    await run(process.execPath, [
      CLI,
      '--token-file',
      running.site.cliFile,
      'oci',
      'remove',
      'usher.internal/x:1',
    ]).then(
      () => {
        throw new UsherError('INTERNAL', { detail: 'an image that is not there was removed' });
      },
      (error: unknown) => expect(error).toMatchObject({ code: 3 }),
    );
  });

  it('are for keys of joined devices only', async () => {
    const { caPem, token } = await newCard(running);
    const stranger = await Stranger.plugIn(running, 77, caPem);
    cleanups.push(() => stranger.close());
    const manifest = '/v2/probe/manifests/1';
    const unknown = await stranger.device(await clientCertificate());
    expect((await unknown.get(manifest)).status).toBe(403);
    // One that has shown a card, and that nobody has claimed.
    const enrolled = await stranger.device(await clientCertificate());
    expect((await enrolled.post('hello', enrolled.hello({ type: 'token', token }))).status).toBeLessThan(300);
    const refused = await enrolled.get(manifest);
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ errors: [{ code: 'DENIED' }] });
    const pi = running.site.lab.machine('pi-1');
    const files =
      '--cacert /var/lib/usher/site-ca.crt --cert /var/lib/usher/device.crt --key /var/lib/usher/device.key';
    const curl = `curl -sS --max-time 10 -o /dev/null -w %{http_code} ${files} https://${REGISTRAR_NAME}:7443${manifest}`;
    expect((await pi.exec(['sh', '-c', curl])).stdout).toBe('200');
  });
});

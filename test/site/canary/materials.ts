import { readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AdminKubeClient } from '../../../k8s/client/create-kube-client.ts';
import { MASTER } from '../../../lab/lab.ts';
import type { RunningSite } from '../support/running-site.ts';
import type { Material } from './secret-scanner.ts';

const CLI = join(import.meta.dirname, '../../../cli/usher.mjs');
const REPLY_LIMIT_MS = 15_000;
/** k3s itself and images: the appliance handed them out, and nothing of a device is in them. */
const LARGEST_FILE_BYTES = 32 * 2 ** 20;

interface ResourceList {
  resources: { name: string; kind: string; verbs: string[] }[];
}
interface SecretItem {
  metadata: { name: string; namespace: string };
  data?: Record<string, string>;
}

/** Every object of every kind that can be listed, by discovery; Secrets one by one, as they are and decoded. */
export async function kubernetesObjects(kube: AdminKubeClient, when: string): Promise<Material[]> {
  const read = async <T>(path: string): Promise<T> => JSON.parse(await kube.getRaw(path)) as T;
  const { groups } = await read<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis');
  const materials: Material[] = [];
  for (const path of ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)]) {
    for (const { name, kind, verbs } of (await read<ResourceList>(path)).resources) {
      if (!verbs.includes('list') || name.includes('/')) continue;
      const text = await kube.getRaw(`${path}/${name}`);
      if (kind !== 'Secret') materials.push({ where: `object ${kind} ${when}`, content: Buffer.from(text) });
      else materials.push(...secretsIn(text, when));
    }
  }
  return materials;
}

function secretsIn(list: string, when: string): Material[] {
  return (JSON.parse(list) as { items: SecretItem[] }).items.map((item) => {
    const { name, namespace } = item.metadata;
    const decoded = Object.values(item.data ?? {}).map((value) => Buffer.from(value, 'base64'));
    const content = Buffer.concat([Buffer.from(JSON.stringify(item)), ...decoded]);
    return { where: `object Secret ${namespace}/${name} ${when}`, content };
  });
}

/** Every file below a folder, by its path in it. */
export async function filesBelow(folder: string, where: string): Promise<Material[]> {
  const materials: Material[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || (await stat(path)).size > LARGEST_FILE_BYTES) continue;
    materials.push({ where: `${where} ${path.slice(folder.length)}`, content: await readFile(path) });
  }
  return materials;
}

interface Answer {
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Calls the operators' API; without headers of its own as the command line does. */
export async function call(
  running: RunningSite,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const { caPem, token } = JSON.parse(await readFile(running.site.cliFile, 'utf8')) as { caPem: string; token: string };
  const headers = options.headers ?? { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const url = `${running.site.url}${path}`;
    const outgoing = request(
      url,
      { ca: caPem, headers, method: options.method ?? 'GET', timeout: REPLY_LIMIT_MS },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      },
    );
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', reject);
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

/** Signs in as a browser does: as a user, or with a new code of the console. Nothing comes of a wrong password. */
export async function signIn(
  running: RunningSite,
  user?: { name: string; password: string },
): Promise<{ cookie: string; csrfToken: string }> {
  const shown = user ?? { code: (await running.client.newSignInCode()).code };
  const { url } = running.site;
  const headers = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' };
  const answer = await call(running, '/api/v1/session', { method: 'POST', headers, body: shown });
  const [cookie = ''] = [answer.headers['set-cookie'] ?? []].flat();
  const { csrfToken = '' } = JSON.parse(answer.body.toString()) as { csrfToken?: string };
  return { cookie: (cookie.split(';')[0] ?? '').replace(/^[^=]+=/, ''), csrfToken };
}

/** The replies to every GET of the OpenAPI document, with these values in its paths. */
export async function allReplies(running: RunningSite, values: Readonly<Record<string, string>>): Promise<Material[]> {
  const document = JSON.parse((await call(running, '/api/v1/openapi.json')).body.toString()) as {
    paths: Record<string, { get?: unknown }>;
  };
  const paths = Object.entries(document.paths)
    .filter(([path, { get }]) => get !== undefined && path !== '/api/v1/events')
    .map(([path]) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'unknown'));
  const materials = [];
  for (const path of ['/healthz', '/', ...paths]) {
    const { headers, body } = await call(running, path);
    const content = Buffer.concat([Buffer.from(JSON.stringify(headers)), body]);
    materials.push({ where: `reply to GET ${path}`, content });
  }
  return materials;
}

/** Keeps what GET /api/v1/events sends, until `stop`. */
export class EventStream {
  readonly #chunks: Buffer[] = [];
  #stop = (): void => undefined;

  async open(running: RunningSite): Promise<void> {
    const { caPem, token } = JSON.parse(await readFile(running.site.cliFile, 'utf8')) as {
      caPem: string;
      token: string;
    };
    const options = { ca: caPem, headers: { authorization: `Bearer ${token}` } };
    const outgoing = request(`${running.site.url}/api/v1/events`, options, (response) => {
      response.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    });
    // The appliance is crashed on purpose in the end.
    outgoing.on('error', () => undefined);
    outgoing.end();
    this.#stop = () => void outgoing.destroy();
  }

  stop(): void {
    this.#stop();
  }

  material(): Material {
    return { where: 'event stream', content: Buffer.concat(this.#chunks) };
  }
}

/** What a support bundle made on the master holds. */
export async function supportBundle({ site }: RunningSite, name: string): Promise<Material> {
  const path = `/var/lib/usher/${name}.tar.gz`;
  await site.lab.execIn(MASTER, [process.execPath, CLI, 'support-bundle', path], { timeoutMs: 60_000 });
  return { where: 'support bundle', content: gunzipSync(await readFile(site.master.pathOnDisk(path))) };
}

/** What a device says to whoever stands before its screen, on the same console as its log. */
const SCREEN_LINE = /^usher [0-9a-z]{6}: .*$/gm;

/** What the machines wrote down: their logs, and apart from them what devices say on their consoles. */
export async function logs({ site }: RunningSite): Promise<Material[]> {
  const written = await Promise.all(
    site.lab.machines.map(async ({ name, consolePath }) => {
      const text = await readFile(consolePath, 'latin1').catch(() => '');
      const said = [...text.matchAll(SCREEN_LINE)].map(([line]) => line).join('\n');
      return [
        { where: `log of ${name}`, content: Buffer.from(text.replaceAll(SCREEN_LINE, ''), 'latin1') },
        { where: `console of ${name}`, content: Buffer.from(said, 'latin1') },
      ];
    }),
  );
  const k3s = await readFile(site.master.pathOnDisk('/var/lib/usher/k3s/k3s.log'));
  return [...written.flat(), { where: 'log of k3s on the master', content: k3s }];
}

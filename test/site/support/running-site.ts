import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '../../../api/client/api-client.ts';
import { findAppliance } from '../../../api/client/find-appliance.ts';
import { DeviceView, type NewClaim } from '../../../api/core/schemas.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { type AdminKubeClient, createKubeClient } from '../../../k8s/client/create-kube-client.ts';
import type { Kind, KubeObject } from '../../../k8s/core/resources.ts';
import { NODE, SECRET } from '../../../k8s/core/resources.ts';
import { addMaster, type MasterPlace, startSite, type Site, type SiteOptions } from '../../../lab/site.ts';

/** A whole site for a test: what a person at the page, a terminal and kubectl would have. */
export interface RunningSite {
  site: Site;
  client: ApiClient;
  /** An administrator's view of the cluster, for looking at what happened. */
  kube: AdminKubeClient;
  stop(): Promise<void>;
}

export interface Pod extends KubeObject {
  apiVersion: 'v1';
  kind: 'Pod';
  spec: { nodeName?: string };
  status?: { phase?: string };
}
export const POD: Kind<Pod> = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

/** Labels that Kubernetes itself puts on every node. */
const OWN_LABELS = /(^|\.)(kubernetes|k8s|k3s)\.io\/|k3s\.cattle\.io\/|node\.kubernetes\.io\//;

/** Starts a site with the k3s and the images under test (USHER_K3S, USHER_IMAGES; npm run test:site sets them). */
export async function startRunningSite(options: Partial<SiteOptions> & { labName: string }): Promise<RunningSite> {
  const site = await startSite(options.k3sPath === undefined ? { ...underTest(), ...options } : chosen(options));
  const kubeconfigPath = site.kubeconfig;
  if (kubeconfigPath === undefined) throw new UsherError('INTERNAL', { detail: 'the site has no kubeconfig' });
  const client = new ApiClient(findAppliance({ tokenFile: site.cliFile, env: {} }));
  const kube = createKubeClient({ access: { kubeconfigPath }, clock: systemClock, logger: silentLogger });
  return {
    site,
    client,
    kube,
    stop: async () => {
      client.close();
      await kube.close();
      await site.stop();
    },
  };
}

/**
 * Starts a second appliance on the LAN of a running site, with a cluster of its own, and gives a client of its API. It ends
 * with the lab, or when its machine is killed.
 */
export async function startSecondAppliance({ site }: RunningSite, at: MasterPlace): Promise<ApiClient> {
  const { cliFile } = await addMaster(site.lab, underTest(), at);
  return new ApiClient(findAppliance({ tokenFile: cliFile, env: {} }));
}

function chosen(options: Partial<SiteOptions>): SiteOptions {
  return { pis: 0, fresh: true, k3sPath: '', ...options };
}

function underTest(): SiteOptions {
  const k3sPath = process.env['USHER_K3S'];
  if (k3sPath === undefined) {
    throw new UsherError('CONFIG_INVALID', { detail: 'USHER_K3S is not set; run npm run test:site' });
  }
  const imagesDir = process.env['USHER_IMAGES'];
  const pauseImage = process.env['USHER_PAUSE_IMAGE'];
  return {
    pis: 0,
    fresh: true,
    k3sPath,
    applianceArgs: pauseImage === undefined ? [] : ['--pause-image', pauseImage],
    ...(imagesDir === undefined ? {} : { imagesDir }),
  };
}

/** Asks again and again until `probe` gives something; fails with what it was about and what was seen last. */
export async function eventually<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const endMs = Date.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      // The appliance or the API server may be away on purpose; what it said last is reported at the end.
      last = error;
    }
    if (Date.now() > endMs) throw new UsherError('TIMED_OUT', { what, limitMs }, { cause: last });
    await delay(100);
  }
}

/** The device that came from a machine of the lab. */
export async function deviceOf({ site, client }: RunningSite, machine: string): Promise<DeviceView> {
  const mac = site.lab.machine(machine).spec.mac;
  return eventually(`device of ${machine}`, 30_000, async () =>
    (await client.devices()).find((device) => device.macs.includes(mac) && !device.id.startsWith('mac:')),
  );
}

/** The labels of a node that are not Kubernetes' own. */
export async function labelsOf({ kube }: RunningSite, nodeName: string): Promise<Record<string, string>> {
  const node = await kube.get(NODE, { name: nodeName });
  const all = Object.entries(node?.metadata.labels ?? {});
  return Object.fromEntries(all.filter(([key]) => !OWN_LABELS.test(key)));
}

export async function isNodeReady({ kube }: RunningSite, nodeName: string): Promise<boolean> {
  const node = await kube.get(NODE, { name: nodeName });
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** Names of the bootstrap tokens that exist. */
export async function tokensLeft({ kube }: RunningSite): Promise<string[]> {
  const secrets = await kube.list(SECRET, { namespace: 'kube-system' });
  return secrets.filter(({ type }) => type === 'bootstrap.kubernetes.io/token').map(({ metadata }) => metadata.name);
}

/** What the appliance answered the page; `body` is undefined when there was none. */
export interface PageReply {
  status: number;
  body: unknown;
}
/**
 * Sends JSON as the signed-in page does: with its cookie, its origin and its CSRF token, and with the version of what its
 * reader saw.
 */
export type PageSession = (method: string, path: string, body?: unknown, version?: string) => Promise<PageReply>;

/** Signs in as a browser does: as a user, or with a new code of the console. */
export async function signInAsPage(
  running: RunningSite,
  user?: { name: string; password: string },
): Promise<PageSession> {
  const { url } = running.site;
  const { caPem } = JSON.parse(await readFile(running.site.cliFile, 'utf8')) as { caPem: string };
  const shown = user ?? { code: (await running.client.newSignInCode()).code };
  const send = async (method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${url}${path}`, {
        method,
        ca: caPem,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          origin: url,
          'sec-fetch-site': 'same-origin',
          ...headers,
        },
      });
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, text: received, cookies: response.headers['set-cookie'] ?? [] });
        });
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const signedIn = await send('POST', '/api/v1/session', shown, {});
  const cookie = signedIn.cookies.map((line) => line.split(';')[0]).join('; ');
  const { csrfToken } = JSON.parse(signedIn.text) as { csrfToken: string };
  return async (method, path, body, version) => {
    const match = version === undefined ? {} : { 'if-match': `"${version}"` };
    const { status, text } = await send(method, path, body, { cookie, 'x-usher-csrf': csrfToken, ...match });
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

/** Claims a device as the page does: the very one, in the state, that its reader saw. */
export async function claimOnPage(page: PageSession, claim: NewClaim & { device: string }): Promise<PageReply> {
  const { version } = DeviceView.parse((await page('GET', `/api/v1/devices/${claim.device}`)).body);
  return await page('POST', '/api/v1/claims', claim, version);
}

interface Answer {
  status: number;
  text: string;
  cookies: string[];
}

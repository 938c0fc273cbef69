import { ApiClient } from '../../api/client/api-client.ts';
import { findAppliance } from '../../api/client/find-appliance.ts';
import { sleep, systemClock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import { silentLogger } from '../../foundation/logger.ts';
import { type AdminKubeClient, createKubeClient } from '../../k8s/client/create-kube-client.ts';
import { startSite, type Site } from '../../lab/site.ts';
import { NodeWatch } from './node-watch.ts';

/** What a bench acts on: a whole site, an operator's client, an administrator's, and the watch that takes the times. */
export interface BenchSite {
  readonly site: Site;
  readonly client: ApiClient;
  readonly kube: AdminKubeClient;
  readonly nodes: NodeWatch;
  /** Ends every wait, when the bench was interrupted. */
  readonly signal: AbortSignal;
}

export interface BenchSiteOptions {
  readonly labName: string;
  readonly k3sPath: string;
  readonly imagesDir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** More arguments for `usher start`. */
  readonly applianceArgs?: readonly string[];
}

/**
 * Runs `work` on a fresh site without Pis. However it ends, by an error or by the signal too, nothing of the site is left
 * running.
 * @throws UsherError STOPPED when the signal was aborted; else what `work` or the start of the site threw
 */
export async function onBenchSite<T>(options: BenchSiteOptions, work: (bench: BenchSite) => Promise<T>): Promise<T> {
  const { labName, k3sPath, imagesDir, say, signal, applianceArgs = [] } = options;
  const site = await startSite({
    labName,
    k3sPath,
    imagesDir,
    signal,
    applianceArgs,
    pis: 0,
    fresh: true,
    onProgress: ({ step, done, elapsedMs }) => {
      if (done) say(`${step}: up after ${(elapsedMs / 1000).toFixed(1)} s`);
    },
  });
  // Taking the machines away ends what is under way in them.
  const onAbort = (): void => void site.stop();
  signal.addEventListener('abort', onAbort);
  try {
    return await withClients(site, signal, work);
  } catch (error) {
    throw signal.aborted ? new UsherError('STOPPED', {}, { cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await site.stop();
  }
}

async function withClients<T>(site: Site, signal: AbortSignal, work: (bench: BenchSite) => Promise<T>): Promise<T> {
  const kubeconfigPath = site.kubeconfig;
  if (kubeconfigPath === undefined) throw new UsherError('INTERNAL', { detail: 'the site has no kubeconfig' });
  const client = new ApiClient(findAppliance({ tokenFile: site.cliFile, env: {} }));
  const kube = createKubeClient({ access: { kubeconfigPath }, clock: systemClock, logger: silentLogger });
  const nodes = new NodeWatch(kube);
  try {
    await nodes.synced();
    return await work({ site, client, kube, nodes, signal });
  } finally {
    await nodes.stop();
    client.close();
    await kube.close();
  }
}

const LOOK_MS = 100;

/** Asks again and again; for what is not measured. @throws UsherError TIMED_OUT, STOPPED */
export async function untilFound<T>(
  what: string,
  limitMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (let leftMs = limitMs; leftMs > 0; leftMs -= LOOK_MS) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(systemClock, LOOK_MS, signal);
  }
  throw new UsherError('TIMED_OUT', { what, limitMs });
}

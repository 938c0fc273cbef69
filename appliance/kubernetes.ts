import { readdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { UsherError } from '../foundation/errors.ts';
import type { AdminKubeClient } from '../k8s/client/create-kube-client.ts';
import type { Informer } from '../k8s/client/kube-client.ts';
import { RequestCounts } from '../k8s/client/request-counts.ts';
import { k3sArchOf, PINNED_K3S_VERSION, type K3sArch } from '../k8s/core/k3s-release.ts';
import { SECRET, type KubeSecret } from '../k8s/core/resources.ts';
import { installUsher } from '../k8s/install.ts';
import { ExistingCluster, type SiteCluster } from '../k8s/k3s/cluster.ts';
import { obtainK3s } from '../k8s/k3s/obtain.ts';
import { K3sServer } from '../k8s/k3s/server.ts';
import { inspectK3s } from '../k8s/k3s/version.ts';
import { NODE_PASSWORDS } from '../k8s/node-password-watch.ts';
import { runNodePrograms } from '../k8s/sensor-services/node-programs.ts';
import { serviceAccountClient } from '../k8s/service-account.ts';
import type { ApplianceConfig } from './config.ts';
import { masterRegistries } from './image-supply.ts';
import type { Surroundings } from './surroundings.ts';

/** The site's Kubernetes, ready for use: CRDs and policies are in force. */
export interface Kubernetes {
  readonly cluster: SiteCluster;
  /** With the rights of Usher's own service account. */
  readonly kube: AdminKubeClient;
  /** What `kube` has asked of the API server so far. */
  readonly requests: RequestCounts;
  /**
   * Watches the node passwords of kube-system, which Usher's own account may not list: with an administrator's rights,
   * for reading and for nothing else (docs/adr/0009). The caller stops it.
   */
  watchNodePasswords(): Informer<KubeSecret>;
  /** Has every node run standby and device plugin, with an administrator's rights: they are privileged. */
  runNodePrograms(image: string): Promise<void>;
  readonly version: string;
  /** What it really is, when it is the lab's stand-in. */
  readonly standIn: string | undefined;
  /** The k3s of this machine, for `usher kubectl`; undefined with a cluster that somebody else runs. */
  readonly k3sPath: string | undefined;
  /** The k3s that devices of each architecture get. */
  readonly k3sByArch: ReadonlyMap<K3sArch, string>;
  /** Whether the API answered last time. */
  isReady(): boolean;
  close(): Promise<void>;
}

/** How often readiness is looked at, for the page and the metrics. */
const READY_POLL_MS = 2000;

/**
 * Finds or downloads k3s, starts its server (or joins an existing cluster), and installs CRDs, policies and rights.
 * @param addresses those of this master on the LAN; the first is its node's
 * @throws UsherError K3S_*, KUBE_*, TIMED_OUT
 */
export async function startKubernetes(
  config: ApplianceConfig,
  addresses: readonly string[],
  surroundings: Surroundings,
): Promise<Kubernetes> {
  const { clock, logger, progress, signal } = surroundings;
  const k3sByArch = await findK3s(config, surroundings);
  const own = k3sByArch.get(ownArch());
  const inspected = own === undefined ? undefined : await inspectK3s(own);
  const cluster = await clusterOf(config, addresses, own, surroundings);
  progress(
    config.kubeconfig === undefined ? `Starting Kubernetes ${inspected?.version ?? ''}` : 'Reaching the cluster',
  );
  const giveUp = (): void => void cluster.stop();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await cluster.start();
    signal.removeEventListener('abort', giveUp);
    const admin = cluster.adminClient();
    progress('Installing kinds, policies and rights');
    await installUsher({ admin, logger, clock, masterNodeNames: cluster.masterNodeNames });
    const requests = new RequestCounts();
    const kube = serviceAccountClient({ admin, clock, logger, counts: requests });
    const watch = watchReadiness(admin, surroundings);
    return {
      cluster,
      kube,
      requests,
      watchNodePasswords: () => admin.inform(SECRET, NODE_PASSWORDS),
      runNodePrograms: (image) => runNodePrograms(admin, image),
      version: inspected?.version ?? (await serverVersion(admin)),
      standIn: inspected?.standIn,
      k3sPath: own,
      k3sByArch,
      isReady: watch.isReady,
      close: async () => {
        watch.stop();
        await kube.close();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** The image tarballs that nodes get: those named, files or folders of them. */
export async function imageArchives(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      if (/\.tar(\.gz|\.zst)?$/.test(basename(path))) return [path];
      const names = await readdir(path).catch((cause: unknown) => {
        throw new UsherError(
          'CONFIG_INVALID',
          { detail: `${path} is neither an image archive nor a folder` },
          { cause },
        );
      });
      return names.filter((name) => /\.tar(\.gz|\.zst)?$/.test(name)).map((name) => join(path, name));
    }),
  );
  return found.flat();
}

async function findK3s(config: ApplianceConfig, surroundings: Surroundings): Promise<Map<K3sArch, string>> {
  const { clock, logger, progress, signal } = surroundings;
  const found = new Map<K3sArch, string>();
  for (const entry of config.k3sFor) {
    const [arch, path] = entry.split(/=(.*)/s);
    const known = k3sArchOf(arch ?? '');
    if (known !== undefined && path !== undefined) found.set(known, path);
  }
  if (config.kubeconfig !== undefined && config.k3s === undefined) return found;
  const { path, from } = await obtainK3s({
    ...(config.k3s === undefined ? {} : { path: config.k3s }),
    ...(config.k3sMirror === undefined ? {} : { mirror: config.k3sMirror }),
    ...(config.k3sSha256 === undefined ? {} : { sha256: config.k3sSha256 }),
    cacheDir: join(config.cacheDir, 'k3s'),
    version: config.k3sVersion ?? PINNED_K3S_VERSION,
    arch: ownArch(),
    clock,
    logger,
    signal,
    onProgress: ({ receivedBytes, totalBytes }) => {
      const total = totalBytes === undefined ? '' : ` of ${mib(totalBytes)}`;
      progress(`Downloading k3s: ${mib(receivedBytes)}${total} MiB`);
    },
  });
  logger.info({ path, from }, 'found k3s');
  found.set(ownArch(), path);
  return found;
}

async function clusterOf(
  config: ApplianceConfig,
  addresses: readonly string[],
  k3sPath: string | undefined,
  surroundings: Surroundings,
): Promise<SiteCluster> {
  const { clock, logger, random } = surroundings;
  if (config.kubeconfig !== undefined) return new ExistingCluster({ kubeconfigPath: config.kubeconfig, clock, logger });
  if (k3sPath === undefined)
    throw new UsherError('CONFIG_INVALID', { detail: 'there is neither a k3s nor a kubeconfig' });
  const registries = await masterRegistries(config, surroundings);
  return new K3sServer({
    k3sPath,
    stateDir: join(config.stateDir, 'k3s'),
    nodeName: hostname().toLowerCase(),
    addresses,
    tlsSans: ['127.0.0.1', ...config.allowHosts],
    runsPods: !config.controlPlaneOnly,
    extraConfig: {
      ...(config.pauseImage === undefined ? {} : { 'pause-image': config.pauseImage }),
      ...(registries === undefined ? {} : { 'private-registry': registries }),
      ...(config.embeddedRegistry ? { 'embedded-registry': true } : {}),
    },
    imageArchives: await imageArchives(config.images),
    clock,
    random,
    logger,
  });
}

function watchReadiness(
  admin: AdminKubeClient,
  { clock, logger }: Surroundings,
): { isReady: () => boolean; stop: () => void } {
  let ready = true;
  let stopped = false;
  const look = async (): Promise<void> => {
    // Whatever keeps it from answering (a kubeconfig that is being rewritten, say), it is not ready.
    const answered = await admin.isReady().catch(() => false);
    if (stopped) return;
    // Loss and return are logged once each.
    if (answered !== ready)
      logger.warn({ ready: answered }, answered ? 'Kubernetes answers again' : 'Kubernetes does not answer');
    ready = answered;
    clock.after(READY_POLL_MS, () => void look());
  };
  clock.after(READY_POLL_MS, () => void look());
  return {
    isReady: () => ready,
    stop: () => {
      stopped = true;
    },
  };
}

async function serverVersion(admin: AdminKubeClient): Promise<string> {
  const { gitVersion } = JSON.parse(await admin.getRaw('/version')) as { gitVersion?: string };
  return gitVersion ?? 'unknown';
}

function ownArch(): K3sArch {
  const arch = k3sArchOf(process.arch);
  if (arch === undefined) throw new UsherError('ARCHITECTURE_UNSUPPORTED', { arch: process.arch });
  return arch;
}

function mib(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20));
}

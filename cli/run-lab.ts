import { join } from 'node:path';
import { ApiClient } from '../api/client/api-client.ts';
import { findAppliance } from '../api/client/find-appliance.ts';
import { ensureRequirements } from '../appliance/doctor.ts';
import { createProgress, type Progress } from '../appliance/progress.ts';
import { systemClock } from '../foundation/clock.ts';
import { isUsherError, UsherError } from '../foundation/errors.ts';
import { fingerprintText } from '../foundation/fingerprint-text.ts';
import { silentLogger } from '../foundation/logger.ts';
import { k3sArchOf, parseK3sVersion, PINNED_K3S_VERSION } from '../k8s/core/k3s-release.ts';
import { obtainK3s } from '../k8s/k3s/obtain.ts';
import { inspectK3s } from '../k8s/k3s/version.ts';
import { buildStandIn } from '../lab/k3s-stand-in/build.ts';
import { LAB_PAUSE_IMAGE, writeLabImages } from '../lab/lab-images.ts';
import { startSite, type Site } from '../lab/site.ts';

export interface RunLabOptions {
  /** How many Raspberry Pis to plug in. */
  pis: number;
  labName: string;
  fresh: boolean;
  cacheDir: string;
  k3s: string | undefined;
  k3sMirror: string | undefined;
  k3sVersion: string | undefined;
  k3sSha256: string | undefined;
  /** Image archives or folders of them; the lab's own when there are none. */
  images: readonly string[];
  /** For `usher start` on the master. */
  applianceArgs: readonly string[];
}

interface LabKubernetes {
  k3sPath: string;
  imagesDir?: string;
  applianceArgs: readonly string[];
}

/** One Ctrl-C at a terminal arrives twice: in the process group, and handed on by npm. */
const SAME_KEYSTROKE_MS = 1000;

/**
 * `usher start --lab N`: a virtual site whose master runs `usher start`, until SIGINT or SIGTERM; then nothing of it is
 * left but its disks. A second signal, a second later, ends the process at once; the next start sweeps up.
 * @throws UsherError of the part that failed; everything is taken down before
 */
export async function runLab(options: RunLabOptions): Promise<void> {
  if (process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: 'The lab' });
  const { signal } = stopOnSignals();
  const progress = createProgress(systemClock);
  await ensureRequirements('lab', progress.say);
  const kubernetes = await findKubernetes(options, progress, signal);
  const site = await startSite({
    pis: options.pis,
    labName: options.labName,
    fresh: options.fresh,
    broker: true,
    ...kubernetes,
    applianceArgs: [...options.applianceArgs, ...kubernetes.applianceArgs],
    binds: options.images.map((from) => ({ from })),
    onProgress: ({ step, done, elapsedMs }) => {
      if (done) progress.done(`${step}: up after ${(elapsedMs / 1000).toFixed(1)} s`);
      else progress.begin(step);
    },
    signal,
    logger: silentLogger,
  });
  await explain(site, progress);
  await aborted(signal);
  progress.begin('Taking the site down');
  await site.stop();
  progress.done('Nothing is left but the disks; the next start finds them again (--fresh forgets them)');
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  let firstMs = 0;
  const onSignal = (): void => {
    if (stop.signal.aborted && systemClock.nowMs() - firstMs > SAME_KEYSTROKE_MS) process.exit(1);
    firstMs ||= systemClock.nowMs();
    stop.abort(new UsherError('STOPPED'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop;
}

/** k3s as on a real site; where no release can be had, the stand-in, said plainly. */
async function findKubernetes(options: RunLabOptions, progress: Progress, signal: AbortSignal): Promise<LabKubernetes> {
  const { cacheDir, k3s, k3sMirror, k3sSha256, k3sVersion } = options;
  try {
    progress.begin('Looking for k3s');
    const { path } = await obtainK3s({
      ...(k3s === undefined ? {} : { path: k3s }),
      ...(k3sMirror === undefined ? {} : { mirror: k3sMirror }),
      ...(k3sSha256 === undefined ? {} : { sha256: k3sSha256 }),
      cacheDir: join(cacheDir, 'k3s'),
      version: k3sVersion === undefined ? PINNED_K3S_VERSION : parseK3sVersion(k3sVersion),
      arch: k3sArchOf(process.arch) ?? 'amd64',
      clock: systemClock,
      logger: silentLogger,
      signal,
      onProgress: ({ receivedBytes }) => {
        progress.begin(`Downloading k3s: ${String(Math.floor(receivedBytes / 10 ** 7) * 10)} MB`);
      },
    });
    return await withImages(path, options);
  } catch (error) {
    if (k3s !== undefined || !isUsherError(error, 'K3S_DOWNLOAD_FAILED')) throw error;
    progress.say(`  ${error.message}`);
    progress.say('  So the lab runs its stand-in: upstream Kubernetes behind k3s’ join contract. It is not k3s.');
    const standIn = await buildStandIn({ cacheDir, onProgress: progress.begin, signal });
    if (options.images.length === 0) return { ...standIn, applianceArgs: [] };
    return { k3sPath: standIn.k3sPath, applianceArgs: imageArguments([standIn.imagesDir, ...options.images]) };
  }
}

/** The lab has no way out, so its nodes get images that were made here, and are told which one is the pause image. */
async function withImages(k3sPath: string, options: RunLabOptions): Promise<LabKubernetes> {
  if (options.images.length > 0) return { k3sPath, applianceArgs: imageArguments(options.images) };
  const { standIn } = await inspectK3s(k3sPath);
  if (standIn !== undefined) return { ...(await buildStandIn(options)), k3sPath, applianceArgs: [] };
  const imagesDir = await writeLabImages(options.cacheDir);
  return { k3sPath, imagesDir, applianceArgs: ['--pause-image', LAB_PAUSE_IMAGE] };
}

function imageArguments(images: readonly string[]): string[] {
  return images.flatMap((path) => ['--images', path]);
}

async function explain(site: Site, progress: Progress): Promise<void> {
  const client = new ApiClient(findAppliance({ tokenFile: site.cliFile, env: {} }));
  try {
    const { code } = await client.newSignInCode();
    const { caFingerprint } = await client.pageCertificate();
    progress.done('The site is up');
    progress.say(`
  page          ${site.url}
  sign-in code  ${code}   (npx usher sign-in-code makes a new one)
  trust         SHA-256 ${fingerprintText(caFingerprint)}   (open /trust on the page)

  In another terminal:
    npx usher devices
    npx usher claim <id> --name lathe-left --label machine=lathe --label location=left --wait
    npx usher kubectl get nodes --show-labels
    npx usher lab status            also: add, plug, unplug, kill, boot, reflash

  Ctrl-C takes everything down.
`);
  } finally {
    client.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

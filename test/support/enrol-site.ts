import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../foundation/clock.ts';
import { silentLogger, type Logger } from '../../foundation/logger.ts';
import { systemRandom } from '../../foundation/random.ts';
import { Artifacts } from '../../join/enrol/artifacts.ts';
import { loadOrCreateAuthority, type EnrolAuthority } from '../../join/enrol/authority.ts';
import { Candidates } from '../../join/enrol/candidates.ts';
import { ClaimCodes } from '../../join/enrol/claim-codes.ts';
import type { PulledImages } from '../../join/enrol/oci-registry.ts';
import type { EnrolLimits } from '../../join/enrol/limits.ts';
import { startEnrolServer, type EnrolServer } from '../../join/enrol/server.ts';
import { KubeEnrolTokens } from '../../join/enrol/tokens.ts';
import { FakeDesk } from './fake-desk.ts';
import { FakeKube } from './fake-kube.ts';
import { clientCertificate, TestDevice, type ClientCertificate } from './test-device.ts';

/** The device API on loopback with a fake desk and a fake Kubernetes behind it. */
export class EnrolSite {
  readonly kube = new FakeKube();
  readonly desk = new FakeDesk();
  readonly candidates: Candidates;
  readonly claimCodes: ClaimCodes;
  readonly tokens: KubeEnrolTokens;
  readonly artifacts: Artifacts;
  /** Container images that nodes pull; those of a test that sets them. */
  readonly images: PulledImages = {
    manifest: (order) => this.pulled.manifest(order),
    blob: (digest) => this.pulled.blob(digest),
    isOwnKey: (deviceId) => this.pulled.isOwnKey(deviceId),
  };
  pulled: PulledImages = {
    manifest: () => Promise.resolve(undefined),
    blob: () => Promise.resolve(undefined),
    isOwnKey: () => false,
  };
  readonly folder: string;
  /** URLs of the k3s supervisor by the appliance's own address. */
  readonly serverUrls = new Map<string, string>();
  readonly #devices: TestDevice[] = [];
  #running: { authority: EnrolAuthority; server: EnrolServer } | undefined;

  private constructor(folder: string, clock: Clock, logger: Logger) {
    this.folder = folder;
    this.candidates = new Candidates(clock);
    this.claimCodes = new ClaimCodes({ clock, random: systemRandom });
    this.tokens = new KubeEnrolTokens({ kube: this.kube, clock, random: systemRandom });
    this.artifacts = new Artifacts({ k3sVersion: 'v1.36.3+k3s1', cacheFile: join(folder, 'hashes.json'), logger });
  }

  static async start(
    limits: Partial<EnrolLimits> = {},
    clock = systemClock,
    logger = silentLogger,
  ): Promise<EnrolSite> {
    const site = new EnrolSite(await mkdtemp(join(tmpdir(), 'enrol-')), clock, logger);
    try {
      await site.#open(limits, clock, logger);
    } catch (error) {
      await rm(site.folder, { recursive: true });
      throw error;
    }
    return site;
  }

  get server(): EnrolServer {
    return this.#parts().server;
  }

  get authority(): EnrolAuthority {
    return this.#parts().authority;
  }

  /** A device that pins this site's CA; `certificate` undefined: one that shows none. */
  device(certificate: ClientCertificate | undefined, localAddress?: string): TestDevice {
    const device = new TestDevice(this.server.port, this.authority.caPem, certificate, localAddress);
    this.#devices.push(device);
    return device;
  }

  /** A device with a new P-256 key. */
  async newDevice(localAddress?: string): Promise<TestDevice> {
    return this.device(await clientCertificate(), localAddress);
  }

  /** Writes a file and gives its path. */
  async file(name: string, content: Uint8Array | string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, content);
    return path;
  }

  async close(): Promise<void> {
    for (const device of this.#devices) device.close();
    await this.server.close();
    this.candidates.close();
    this.claimCodes.close();
    await rm(this.folder, { recursive: true });
  }

  async #open(limits: Partial<EnrolLimits>, clock: Clock, logger: Logger): Promise<void> {
    const authority = await loadOrCreateAuthority(this.kube);
    const { desk, tokens, artifacts, candidates, claimCodes, images } = this;
    const serverUrlAt = (address: string): string | undefined => this.serverUrls.get(address);
    const parts = {
      authority,
      desk,
      tokens,
      artifacts,
      candidates,
      claimCodes,
      images,
      serverUrlAt,
      clock,
      logger,
      limits,
    };
    const server = await startEnrolServer({ ...parts, site: 'test', host: '127.0.0.1', port: 0 });
    this.#running = { authority, server };
  }

  #parts(): { authority: EnrolAuthority; server: EnrolServer } {
    if (this.#running === undefined) throw new TypeError('the site is not started');
    return this.#running;
  }
}

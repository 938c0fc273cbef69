import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { SiteView } from '../../../api/core/schemas.ts';
import type { ApiServerOptions } from '../../../api/server/api-server.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { KubeAlarmBook } from '../../../k8s/alarms.ts';
import { ApiFixture, SITE } from '../../support/api-fixture.ts';

export interface PageSite {
  api: ApiFixture;
  alarms: KubeAlarmBook;
  close: () => Promise<void>;
}

/**
 * The operators' API with fakes behind it, serving the page that is in `uiDir`; shared by tests, screens and bench.
 * @param parts put in the place of fakes
 * @param nowMs what the API server takes for the time
 */
export async function startPageSite(
  uiDir: string,
  facts: Partial<SiteView> = {},
  parts: Partial<ApiServerOptions> = {},
  nowMs: () => number = Date.now,
): Promise<PageSite> {
  const site = (): SiteView => ({ ...SITE, serverTime: new Date().toISOString(), ...facts });
  const api = new ApiFixture({ nowMs });
  const alarms = new KubeAlarmBook({ kube: api.kube, clock: systemClock, logger: silentLogger });
  await api.start({ uiDir, site, alarms, ...parts });
  // What k3s serves there: any certificate has the dates that the page shows.
  api.kube.raw.set('/cacerts', api.file.caPem);
  return {
    api,
    alarms,
    close: async () => {
      await alarms.stop();
      await api.stop();
    },
  };
}

/** Builds the page into a folder of its own, as it ships. */
export async function buildPage(): Promise<{ uiDir: string; remove: () => Promise<void> }> {
  const uiDir = await mkdtemp(join(tmpdir(), 'usher-page-'));
  const configFile = join(import.meta.dirname, '../../../ui/vite.config.ts');
  // Vitest sets it to `test`, and the page would be built with the checks of development in it.
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  await build({ configFile, logLevel: 'warn', build: { outDir: uiDir, emptyOutDir: true } });
  process.env['NODE_ENV'] = environment;
  return { uiDir, remove: () => rm(uiDir, { recursive: true, force: true }) };
}

import type { SiteView } from '../api/core/schemas.ts';
import type { Discovery } from '../discovery/sources/discovery.ts';
import { toRfc3339, type Clock } from '../foundation/clock.ts';
import type { EnrolAuthority } from '../join/enrol/authority.ts';
import type { ApplianceConfig } from './config.ts';
import type { Kubernetes } from './kubernetes.ts';
import { applianceVersion } from './version.ts';

/** The site as the API shows it, read anew at each call. */
export function siteView(parts: {
  config: ApplianceConfig;
  clock: Clock;
  discovery: Discovery;
  kubernetes: Kubernetes;
  authority: EnrolAuthority;
}): SiteView {
  const { config, clock, discovery, kubernetes, authority } = parts;
  const interfaces = discovery.interfaces();
  const addresses = interfaces.flatMap((one) => one.addresses);
  return {
    name: config.site,
    version: applianceVersion(),
    applianceId: authority.applianceId,
    serverTime: toRfc3339(clock.nowMs()),
    interfaces,
    kubernetes: {
      ready: kubernetes.isReady(),
      version: kubernetes.version,
      ...(kubernetes.standIn === undefined ? {} : { standIn: kubernetes.standIn }),
      server: kubernetes.cluster.joinServerUrl(addresses[0] ?? '127.0.0.1'),
    },
    enrolUrls: addresses.map((address) => `https://${address}:${String(config.enrolPort)}`),
    sources: discovery.sources(),
  };
}

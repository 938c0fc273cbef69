import { keysOf, matchKey } from '../../../join/core/claim-match.ts';
import type { Device, DeviceClaim, Node } from '../../../k8s/core/resources.ts';

/** What of the site bears on a file of claims. */
export interface ManifestWorld {
  claim(name: string): DeviceClaim | undefined;
  /** Claims for what {@link matchKey} names. */
  claimsFor(key: string): readonly DeviceClaim[];
  /** Claims that have, or want, that node name. */
  claimsNaming(nodeName: string): readonly DeviceClaim[];
  /** Devices that carry what {@link matchKey} names. */
  devicesWith(key: string): readonly Device[];
  /** Devices that are the node of that name, were given it, or took it with them when they were revoked. */
  devicesNamed(nodeName: string): readonly Device[];
  hasNode(nodeName: string): boolean;
}

/** The site as it is now, arranged for look-ups; takes time in proportion to all that is there. */
export function manifestWorld(site: {
  claims: readonly DeviceClaim[];
  devices: readonly Device[];
  nodes: (name: string) => Node | undefined;
}): ManifestWorld {
  const claims = new Map(site.claims.map((claim) => [claim.metadata.name, claim]));
  const byKey = groupBy(site.claims, ({ spec }) => [matchKey(spec.match) ?? '']);
  const byNodeName = groupBy(site.claims, (claim) => [nodeNameOf(claim)]);
  const withKey = groupBy(site.devices, (device) => keysOf(identityOf(device)));
  const named = groupBy(site.devices, ({ status }) => {
    const isOut = status?.join?.state === 'replaced';
    return isOut ? [] : (status?.nodeRef?.name ?? status?.join?.nodeName ?? []);
  });
  return {
    claim: (name) => claims.get(name),
    claimsFor: (key) => byKey.get(key) ?? [],
    claimsNaming: (nodeName) => byNodeName.get(nodeName) ?? [],
    devicesWith: (key) => withKey.get(key) ?? [],
    devicesNamed: (nodeName) => named.get(nodeName) ?? [],
    hasNode: (nodeName) => site.nodes(nodeName) !== undefined,
  };
}

/** The name of the node that the claim is to become. */
export function nodeNameOf({ metadata, spec }: Pick<DeviceClaim, 'metadata' | 'spec'>): string {
  return spec.nodeName ?? metadata.name;
}

export function groupBy<Item>(
  items: readonly Item[],
  keys: (item: Item) => string | readonly string[],
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of [keys(item)].flat()) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [item]);
      else group.push(item);
    }
  }
  return groups;
}

function identityOf({ metadata, status }: Device): Parameters<typeof keysOf>[0] {
  const { serial, macs = [], duid } = status?.hardware ?? {};
  return { id: metadata.name, serial, macs, duid };
}

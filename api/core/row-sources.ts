import type { Sighting } from '../../discovery/core/sighting.ts';
import type { Candidate } from '../../join/core/ports.ts';
import type { Device, DeviceClaim, Node } from '../../k8s/core/resources.ts';
import type { IgnoredMac } from './ignored-mac.ts';

/** All that is known of one physical thing. At least one of device, candidate, sightings and ignored MAC is there. */
export interface RowSources {
  /** `mac:<address>` for something that has shown no key. */
  id: string;
  device?: Device | undefined;
  candidate?: Candidate | undefined;
  sightings: readonly Sighting[];
  /** The claim bound to it, or else one that matches it. */
  claim?: DeviceClaim | undefined;
  node?: Node | undefined;
  /** One of its MAC addresses that was ignored as such, and when and by whom. */
  ignoredMac?: IgnoredMac & { mac: string };
  /** Ids of ignored devices that have one of its MAC addresses. */
  ignoredTwins?: readonly string[];
  /** The device whose place it could take, and why. */
  offer?: { device: Device; claim: string | undefined; because: 'Serial' | 'Duid' | 'Token' } | undefined;
  /** Ids of the newcomers that could take its place. */
  offeredBy?: readonly string[];
  /** Id of the device that took its place. */
  replacedBy?: string | undefined;
}

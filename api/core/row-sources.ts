import type { Sighting } from '../../discovery/core/sighting.ts';
import type { Candidate } from '../../join/core/ports.ts';
import type { Device, DeviceClaim, Node } from '../../k8s/core/resources.ts';

/** All that is known of one physical thing. At least one of device, candidate and sightings is there. */
export interface RowSources {
  /** `mac:<address>` for something that has shown no key. */
  id: string;
  device?: Device | undefined;
  candidate?: Candidate | undefined;
  sightings: readonly Sighting[];
  /** The claim bound to it, or else one that matches it. */
  claim?: DeviceClaim | undefined;
  node?: Node | undefined;
}

import {
  accessOf,
  containerPathOf,
  deviceResource,
  GRANT_FOLDER,
  grantResource,
  hostGrantFolder,
} from '../../k8s/core/sensor-service/resource-names.ts';
import type { DeviceRule, SensorService } from '../../k8s/core/sensor-service/sensor-service.ts';
import type { HostDevices } from './host-devices.ts';
import { type DeviceOffer, DeviceResource, GrantResource } from './offers.ts';
import type { Resource } from './resource-server.ts';

/**
 * What the services of the site ask nodes for, each once: their device files, then the folders of their role sockets. In
 * this order: where a grant is counted and a device is not, the device is not there.
 */
export function offeredResources(services: readonly SensorService[], host: HostDevices, root: string): Resource[] {
  const devices = new Map<string, Resource>();
  const grants: Resource[] = [];
  for (const { metadata, spec } of services) {
    const { namespace = 'default', name } = metadata;
    const resource = grantResource(namespace, name);
    const hostFolder = hostGrantFolder(namespace, name);
    grants.push(new GrantResource({ resource, hostFolder, root, containerFolder: GRANT_FOLDER }));
    for (const rule of spec.devices ?? []) {
      const offer = offerOf(rule);
      if (offer !== undefined) devices.set(offer.resource, new DeviceResource(offer, host));
    }
  }
  return [...devices.values(), ...grants];
}

function offerOf(rule: DeviceRule): DeviceOffer | undefined {
  const { path, usb, sharing = 'Exclusive' } = rule;
  const meant = usb === undefined ? path : usb;
  if (meant === undefined) return undefined;
  const asked = typeof meant === 'string' ? { path: meant } : { usb: meant };
  const [access, containerPath] = [accessOf(rule), containerPathOf(rule)];
  return { resource: deviceResource(rule), rule: asked, sharing, access, containerPath };
}

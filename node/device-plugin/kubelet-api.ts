import { type GrpcObject, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { UsherError } from '../../foundation/errors.ts';

/**
 * The messages of the kubelet's device plugin API, version v1beta1, as far as they are used here
 * (kubernetes.io: device plugins; k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1).
 */
const PROTOCOL = {
  nested: {
    v1beta1: {
      nested: {
        Empty: { fields: {} },
        DevicePluginOptions: {
          fields: {
            preStartRequired: { type: 'bool', id: 1 },
            getPreferredAllocationAvailable: { type: 'bool', id: 2 },
          },
        },
        RegisterRequest: {
          fields: {
            version: { type: 'string', id: 1 },
            endpoint: { type: 'string', id: 2 },
            resourceName: { type: 'string', id: 3 },
            options: { type: 'DevicePluginOptions', id: 4 },
          },
        },
        Device: { fields: { ID: { type: 'string', id: 1 }, health: { type: 'string', id: 2 } } },
        ListAndWatchResponse: { fields: { devices: { rule: 'repeated', type: 'Device', id: 1 } } },
        ContainerAllocateRequest: { fields: { devicesIds: { rule: 'repeated', type: 'string', id: 1 } } },
        AllocateRequest: {
          fields: { containerRequests: { rule: 'repeated', type: 'ContainerAllocateRequest', id: 1 } },
        },
        Mount: {
          fields: {
            containerPath: { type: 'string', id: 1 },
            hostPath: { type: 'string', id: 2 },
            readOnly: { type: 'bool', id: 3 },
          },
        },
        DeviceSpec: {
          fields: {
            containerPath: { type: 'string', id: 1 },
            hostPath: { type: 'string', id: 2 },
            permissions: { type: 'string', id: 3 },
          },
        },
        ContainerAllocateResponse: {
          fields: {
            mounts: { rule: 'repeated', type: 'Mount', id: 2 },
            devices: { rule: 'repeated', type: 'DeviceSpec', id: 3 },
          },
        },
        AllocateResponse: {
          fields: { containerResponses: { rule: 'repeated', type: 'ContainerAllocateResponse', id: 1 } },
        },
        Registration: {
          methods: { Register: { comment: '', requestType: 'RegisterRequest', responseType: 'Empty' } },
        },
        DevicePlugin: {
          methods: {
            GetDevicePluginOptions: { comment: '', requestType: 'Empty', responseType: 'DevicePluginOptions' },
            ListAndWatch: {
              comment: '',
              requestType: 'Empty',
              responseType: 'ListAndWatchResponse',
              responseStream: true,
            },
            Allocate: { comment: '', requestType: 'AllocateRequest', responseType: 'AllocateResponse' },
          },
        },
      },
    },
  },
} satisfies Parameters<typeof fromJSON>[0];

/** A device as the kubelet counts it. */
export interface ListedDevice {
  readonly ID: string;
  readonly health: 'Healthy' | 'Unhealthy';
}

/** What the kubelet adds to a container. */
export interface ContainerAllocation {
  readonly mounts: readonly { containerPath: string; hostPath: string; readOnly: boolean }[];
  /** `permissions` of the device cgroup: `r`, `rw`. */
  readonly devices: readonly { containerPath: string; hostPath: string; permissions: string }[];
}

/** Version of the API, as the kubelet asks for it at registration. */
export const API_VERSION = 'v1beta1';
/** Name of the kubelet's own socket in the folder of device plugins. */
export const KUBELET_SOCKET = 'kubelet.sock';

/** Both services of the API: the plugin's, served here, and the kubelet's registration, called from here. */
export interface DevicePluginApi {
  readonly plugin: ServiceClientConstructor;
  readonly registration: ServiceClientConstructor;
}

/** @throws UsherError INTERNAL never, unless the description above is broken */
export function devicePluginApi(): DevicePluginApi {
  const loaded = loadPackageDefinition(fromJSON(PROTOCOL, { defaults: true, arrays: true }))[API_VERSION] as GrpcObject;
  const [plugin, registration] = [loaded['DevicePlugin'], loaded['Registration']];
  if (!isService(plugin) || !isService(registration)) throw new UsherError('INTERNAL', { detail: 'device plugin API' });
  return { plugin, registration };
}

function isService(loaded: unknown): loaded is ServiceClientConstructor {
  return typeof loaded === 'function' && 'service' in loaded;
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { asUsherError, messageOf, UsherError } from '../../foundation/errors.ts';
import {
  API_VERSION,
  type ContainerAllocation,
  type DevicePluginApi,
  KUBELET_SOCKET,
  type ListedDevice,
} from './kubelet-api.ts';

/** One extended resource: what there is of it now, and what a container gets with it. */
export interface Resource {
  /** `devices.usher.internal/…` or `grants.usher.internal/…`. */
  readonly name: string;
  listed(): readonly ListedDevice[];
  /** @throws UsherError DEVICE_GONE when one of the devices is no longer there */
  allocate(deviceIds: readonly string[]): Promise<ContainerAllocation>;
}

interface AllocateRequest {
  containerRequests: { devicesIds: string[] }[];
}

const REGISTER_TIMEOUT_MS = 5_000;

/** Offers one resource to the kubelet, on a socket of its own, for as long as that kubelet lives. */
export class ResourceServer {
  readonly #api: DevicePluginApi;
  readonly #folder: string;
  readonly #resource: Resource;
  readonly #endpoint: string;
  readonly #onLost: () => void;
  readonly #streams = new Set<ServerWritableStream<unknown, { devices: readonly ListedDevice[] }>>();
  readonly #server = new Server();

  #isStopped = false;

  /**
   * @param options.endpoint name of the socket in `folder`
   * @param options.onLost called when the kubelet no longer listens to the list: it counts nothing of it any more
   */
  constructor(options: {
    api: DevicePluginApi;
    folder: string;
    endpoint: string;
    resource: Resource;
    onLost: () => void;
  }) {
    this.#api = options.api;
    this.#folder = options.folder;
    this.#resource = options.resource;
    this.#endpoint = options.endpoint;
    this.#onLost = options.onLost;
  }

  /**
   * Listens, and tells the kubelet so.
   * @throws UsherError KUBELET_REFUSED when the kubelet is not there or does not want the resource
   */
  async start(): Promise<void> {
    this.#server.addService(this.#api.plugin.service, {
      GetDevicePluginOptions: (_call: unknown, answer: sendUnaryData<object>) => answer(null, {}),
      ListAndWatch: (call: ServerWritableStream<unknown, { devices: readonly ListedDevice[] }>) => this.#watch(call),
      Allocate: (call: ServerUnaryCall<AllocateRequest, object>, answer: sendUnaryData<object>) =>
        void this.#allocate(call.request, answer),
    });
    const socket = join(this.#folder, this.#endpoint);
    await rm(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(this.#refused(error));
      });
    });
    await this.#register();
  }

  /** Sends the list as it is now to the kubelet. */
  update(): void {
    for (const stream of this.#streams) stream.write({ devices: this.#resource.listed() });
  }

  stop(): void {
    this.#isStopped = true;
    this.#server.forceShutdown();
    this.#streams.clear();
  }

  #watch(stream: ServerWritableStream<unknown, { devices: readonly ListedDevice[] }>): void {
    this.#streams.add(stream);
    const lose = (): void => {
      if (this.#streams.delete(stream) && this.#streams.size === 0 && !this.#isStopped) this.#onLost();
    };
    stream.on('cancelled', lose);
    stream.on('close', lose);
    stream.write({ devices: this.#resource.listed() });
  }

  async #allocate(request: AllocateRequest, answer: sendUnaryData<object>): Promise<void> {
    try {
      const containerResponses = await Promise.all(
        request.containerRequests.map(({ devicesIds }) => this.#resource.allocate(devicesIds)),
      );
      answer(null, { containerResponses });
    } catch (error) {
      answer({ code: status.FAILED_PRECONDITION, details: asUsherError(error).message });
    }
  }

  async #register(): Promise<void> {
    const address = `unix:${join(this.#folder, KUBELET_SOCKET)}`;
    const client = new this.#api.registration(address, credentials.createInsecure());
    const request = { version: API_VERSION, endpoint: this.#endpoint, resourceName: this.#resource.name, options: {} };
    const call = client['Register']?.bind(client) as
      ((asked: object, options: object, answer: (error: Error | null) => void) => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        call?.(request, { deadline: Date.now() + REGISTER_TIMEOUT_MS }, (error) => {
          if (error === null) resolve();
          else reject(this.#refused(error));
        });
      });
    } finally {
      client.close();
    }
  }

  #refused(cause: unknown): UsherError {
    return new UsherError('KUBELET_REFUSED', { resource: this.#resource.name, detail: messageOf(cause) }, { cause });
  }
}

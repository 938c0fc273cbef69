import { join } from 'node:path';
import {
  type Client,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { devicePluginApi, KUBELET_SOCKET } from '../../../node/device-plugin/kubelet-api.ts';

interface PluginClient extends Client {
  ListAndWatch(request: object): NodeJS.EventEmitter;
}

/** The kubelet's half of the device plugin API: it listens to the list of everything that is registered. */
export class CountingKubelet {
  readonly #api = devicePluginApi();
  readonly #server = new Server();
  readonly #clients: PluginClient[] = [];

  get resources(): number {
    return this.#clients.length;
  }

  async start(folder: string): Promise<void> {
    this.#server.addService(this.#api.registration.service, {
      Register: ({ request }: ServerUnaryCall<{ endpoint: string }, object>, answer: sendUnaryData<object>) => {
        answer(null, {});
        const address = `unix:${join(folder, request.endpoint)}`;
        const client = new this.#api.plugin(address, credentials.createInsecure()) as unknown as PluginClient;
        this.#clients.push(client);
        // Told when the plugin ends.
        client
          .ListAndWatch({})
          .on('data', () => undefined)
          .on('error', () => undefined);
      },
    });
    const bound = Promise.withResolvers<undefined>();
    this.#server.bindAsync(`unix:${join(folder, KUBELET_SOCKET)}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? bound.resolve(undefined) : bound.reject(error),
    );
    await bound.promise;
  }

  stop(): void {
    for (const client of this.#clients) client.close();
    this.#server.forceShutdown();
  }
}

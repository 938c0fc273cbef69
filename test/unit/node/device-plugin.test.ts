import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Client,
  type ClientReadableStream,
  credentials,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../foundation/clock.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { DevicePlugin } from '../../../node/device-plugin/device-plugin.ts';
import { HostDevices } from '../../../node/device-plugin/host-devices.ts';
import { devicePluginApi, KUBELET_SOCKET } from '../../../node/device-plugin/kubelet-api.ts';
import { DeviceResource, GrantResource } from '../../../node/device-plugin/offers.ts';
import { WatchdogResource } from '../../../node/device-plugin/watchdog-resource.ts';

const LIMIT_MS = 5_000;
const USB = { vendor: '1A86', product: '7523' };

type Listed = { devices: { ID: string; health: string }[] };
interface Registered {
  version: string;
  endpoint: string;
  resourceName: string;
}
interface PluginClient extends Client {
  ListAndWatch(request: object): ClientReadableStream<Listed>;
  Allocate(request: object, answer: (error: Error | null, reply?: object) => void): void;
}

/** The kubelet's half of the API: it takes registrations, and follows what a plugin lists. */
class FakeKubelet {
  readonly #folder: string;
  readonly #api = devicePluginApi();
  readonly #server = new Server();
  readonly #clients: PluginClient[] = [];
  readonly registered: Registered[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(): Promise<void> {
    this.#server.addService(this.#api.registration.service, {
      Register: (call: ServerUnaryCall<Registered, object>, answer: sendUnaryData<object>) => {
        this.registered.push(call.request);
        answer(null, {});
      },
    });
    await new Promise<void>((resolve, reject) => {
      const address = `unix:${join(this.#folder, KUBELET_SOCKET)}`;
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }

  /** As a kubelet that starts does: it empties the folder. */
  async die(): Promise<void> {
    for (const client of this.#clients) client.close();
    this.#server.forceShutdown();
    await rm(this.#folder, { recursive: true });
    await mkdir(this.#folder);
  }

  async plugin(resource: string): Promise<PluginClient> {
    await expect
      .poll(() => this.registered.map(({ resourceName }) => resourceName), { timeout: LIMIT_MS })
      .toContain(resource);
    const { endpoint } = this.registered.find(({ resourceName }) => resourceName === resource) ?? { endpoint: '' };
    const address = `unix:${join(this.#folder, endpoint)}`;
    const client = new this.#api.plugin(address, credentials.createInsecure()) as unknown as PluginClient;
    this.#clients.push(client);
    return client;
  }
}

/** The newest list of a plugin. */
async function nextList(stream: ClientReadableStream<Listed>): Promise<string[]> {
  const [listed] = (await once(stream, 'data', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Listed];
  return listed.devices.map(({ ID }) => ID);
}

const allocate = (client: PluginClient, id: string): Promise<object | undefined> =>
  new Promise((resolve, reject) => {
    client.Allocate({ containerRequests: [{ devicesIds: [id] }] }, (error, reply) =>
      error === null ? resolve(reply) : reject(error),
    );
  });

describe('the device plugin', () => {
  let root: string;
  let folder: string;
  let plugin: DevicePlugin;
  let kubelet: FakeKubelet;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'usher-device-plugin-'));
    folder = join(root, 'plugins');
    await mkdir(folder);
    await mkdir(join(root, 'dev'));
    // Behind it lies a real character device, which stands for the serial adapter.
    await symlink('/dev', join(root, 'dev/real'));
    await mkdir(join(root, 'sys/devices/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0'), { recursive: true });
    await writeFile(join(root, 'sys/devices/usb1/1-1/idVendor'), '1a86\n');
    await writeFile(join(root, 'sys/devices/usb1/1-1/idProduct'), '7523\n');
    await mkdir(join(root, 'sys/class/tty/ttyUSB0'), { recursive: true });
    await symlink('../../../devices/usb1/1-1/1-1:1.0/ttyUSB0', join(root, 'sys/class/tty/ttyUSB0/device'));
    plugin = new DevicePlugin({ folder, devFolder: join(root, 'dev'), clock: systemClock, logger: silentLogger });
    plugin.start();
    kubelet = new FakeKubelet(folder);
    await kubelet.start();
  });
  afterEach(async () => {
    await plugin.stop();
    await kubelet.die();
    await rm(root, { recursive: true });
  });

  const plug = (): Promise<void> => symlink('real/null', join(root, 'dev/ttyUSB0'));
  const unplug = (): Promise<void> => rm(join(root, 'dev/ttyUSB0'));
  const resource = 'devices.usher.internal/serial';
  const serial = (sharing: 'Exclusive' | 'Shared' = 'Exclusive'): DeviceResource => {
    const offer = { resource, rule: { usb: USB }, sharing, access: 'ReadWrite', containerPath: '/dev/bus' } as const;
    return new DeviceResource(offer, new HostDevices(root));
  };
  async function listing(): Promise<{ client: PluginClient; stream: ClientReadableStream<Listed> }> {
    const client = await kubelet.plugin(resource);
    const stream = client.ListAndWatch({});
    stream.on('error', () => undefined);
    return { client, stream };
  }

  it('is offered anew when the kubelet stops listening to the list', async () => {
    plugin.offer([serial()]);
    await plug();
    const { client, stream } = await listing();
    await nextList(stream);
    stream.cancel();
    const count = (): number => kubelet.registered.filter(({ resourceName }) => resourceName === resource).length;
    await expect.poll(count, { timeout: LIMIT_MS }).toBe(2);
    expect(await nextList((await listing()).stream)).toHaveLength(1);
    client.close();
  });

  it('follows what is plugged and unplugged, and gives what is there', async () => {
    plugin.offer([serial()]);
    const { client, stream } = await listing();
    expect(await nextList(stream)).toEqual([]);
    await plug();
    expect(await nextList(stream)).toEqual(['/dev/ttyUSB0#0']);
    expect(await allocate(client, '/dev/ttyUSB0#0')).toMatchObject({
      containerResponses: [
        { mounts: [], devices: [{ containerPath: '/dev/bus', hostPath: '/dev/real/null', permissions: 'rw' }] },
      ],
    });
    await unplug();
    expect(await nextList(stream)).toEqual([]);
    await expect(allocate(client, '/dev/ttyUSB0#0')).rejects.toThrow('/dev/ttyUSB0 is no longer there');
  });

  it('shares a bus that may be shared', async () => {
    await plug();
    plugin.offer([serial('Shared')]);
    const { stream } = await listing();
    expect(await nextList(stream)).toHaveLength(16);
  });

  it('offers everything again to a kubelet that was started anew', async () => {
    await plug();
    plugin.offer([serial()]);
    await kubelet.plugin(resource);
    await kubelet.die();
    kubelet = new FakeKubelet(folder);
    await kubelet.start();
    const { stream } = await listing();
    expect(await nextList(stream)).toEqual(['/dev/ttyUSB0#0']);
  });

  it('takes away what no service asks for any more', async () => {
    plugin.offer([serial()]);
    const { stream } = await listing();
    await nextList(stream);
    const ended = once(stream, 'error', { signal: AbortSignal.timeout(LIMIT_MS) });
    plugin.offer([]);
    expect(await ended).toMatchObject([{ code: status.CANCELLED }]);
  });

  it('tells anew when the watchdog of the node is another one, and gives nobody anything by it', async () => {
    plugin.offer([new WatchdogResource('ready')]);
    const ready = await kubelet.plugin('watchdog.usher.internal/ready');
    const stream = ready.ListAndWatch({});
    expect(await nextList(stream)).toEqual(['watchdog']);
    const ended = once(stream, 'error', { signal: AbortSignal.timeout(LIMIT_MS) });
    plugin.offer([new WatchdogResource('armed')]);
    expect(await ended).toMatchObject([{ code: status.CANCELLED }]);
    const armed = await kubelet.plugin('watchdog.usher.internal/armed');
    const next = armed.ListAndWatch({});
    next.on('error', () => undefined);
    expect(await nextList(next)).toEqual(['watchdog']);
    expect(await allocate(armed, 'watchdog')).toMatchObject({ containerResponses: [{ mounts: [], devices: [] }] });
  });

  it('gives the folder of the role socket', async () => {
    const options = { hostFolder: '/run/usher/grants/hall.lathe', root, containerFolder: '/run/usher' };
    plugin.offer([new GrantResource({ resource: 'grants.usher.internal/hall.lathe', ...options })]);
    const client = await kubelet.plugin('grants.usher.internal/hall.lathe');
    expect(await allocate(client, 'role')).toMatchObject({
      containerResponses: [
        { mounts: [{ containerPath: '/run/usher', hostPath: '/run/usher/grants/hall.lathe', readOnly: true }] },
      ],
    });
  });
});

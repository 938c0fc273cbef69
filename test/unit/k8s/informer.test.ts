import { describe, expect, it } from 'vitest';
import { UsherError } from '../../../foundation/errors.ts';
import { silentLogger } from '../../../foundation/logger.ts';
import { refusalToError } from '../../../k8s/client/errors.ts';
import { KubeInformer, type WatchTransport } from '../../../k8s/client/informer.ts';
import type { WatchListener } from '../../../k8s/client/transport.ts';
import { CONFIG_MAP, type ConfigMap } from '../../../k8s/core/resources.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function configMap(name: string, uid: string, resourceVersion: string): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'ns', uid, resourceVersion } };
}

/** One watch as the test plays the server of it. */
interface OpenWatch {
  from: string | undefined;
  send: WatchListener;
  end: (error?: Error) => void;
}

class FakeServer implements WatchTransport {
  items: ConfigMap[] = [];
  resourceVersion = '1';
  listError: Error | undefined;
  lists = 0;
  watches: OpenWatch[] = [];

  /** Lists are answered no more, until the request is given up. */
  isSilent = false;

  json({ signal }: { signal: AbortSignal }): Promise<unknown> {
    this.lists += 1;
    if (this.isSilent) {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new UsherError('KUBE_UNREACHABLE', { detail: 'given up' })));
      });
    }
    if (this.listError !== undefined) return Promise.reject(this.listError);
    const items = this.items.map(({ metadata }) => ({ metadata }));
    return Promise.resolve({ metadata: { resourceVersion: this.resourceVersion }, items });
  }

  watch(_path: string, query: Record<string, string>, send: WatchListener, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.watches.push({ from: query['resourceVersion'], send, end });
    });
  }

  async watch_(index: number): Promise<OpenWatch> {
    await expect.poll(() => this.watches.length).toBeGreaterThan(index);
    const watch = this.watches[index];
    if (watch === undefined) throw new UsherError('INTERNAL', { detail: 'no such watch' });
    return watch;
  }
}

function start(server: FakeServer) {
  const clock = new ManualClock();
  const random = { bytes: (count: number) => new Uint8Array(count).fill(255) };
  const informer = new KubeInformer({ kind: CONFIG_MAP, transport: server, clock, random, logger: silentLogger });
  const seen: string[] = [];
  informer.onChange(({ type, object }) => seen.push(`${type} ${object.metadata.name} ${object.metadata.uid ?? ''}`));
  return { informer, clock, seen };
}

describe('an informer', () => {
  it('lists, watches from there, and after an orderly end goes on where it was', async () => {
    const server = new FakeServer();
    server.items = [configMap('a', 'u1', '1')];
    const { informer, seen } = start(server);
    await informer.synced();
    const first = await server.watch_(0);
    expect(first.from).toBe('1');
    first.send('MODIFIED', configMap('a', 'u1', '5'));
    first.send('BOOKMARK', { metadata: { resourceVersion: '9' } });
    first.end();
    expect((await server.watch_(1)).from).toBe('9');
    expect(server.lists).toBe(1);
    expect(seen).toEqual(['added a u1', 'updated a u1']);
    expect(informer.get('a', 'ns')?.kind).toBe('ConfigMap');
    await informer.stop();
  });

  it('lists anew after a broken watch, waiting longer each time, and reports what it missed', async () => {
    const server = new FakeServer();
    server.items = [configMap('a', 'u1', '1'), configMap('b', 'u2', '1')];
    const { informer, clock, seen } = start(server);
    await informer.synced();
    server.items = [configMap('b', 'u3', '7'), configMap('c', 'u4', '8')];
    server.listError = new UsherError('KUBE_UNREACHABLE', { detail: 'gone' });
    (await server.watch_(0)).end(server.listError);
    for (const delayMs of [250, 500, 1000, 2000, 2000]) {
      await expect.poll(() => clock.pending).toBe(1);
      const lists = server.lists;
      clock.advance(delayMs * 0.9);
      await Promise.resolve();
      expect(server.lists).toBe(lists);
      clock.advance(delayMs * 0.1);
      await expect.poll(() => server.lists).toBe(lists + 1);
    }
    server.listError = undefined;
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(2000);
    await server.watch_(1);
    expect(seen).toEqual(['added a u1', 'added b u2', 'deleted a u1', 'deleted b u2', 'added b u3', 'added c u4']);
    await informer.stop();
  });

  it('lists anew at once when its resourceVersion expired', async () => {
    const server = new FakeServer();
    const { informer, clock } = start(server);
    (await server.watch_(0)).send('ERROR', { code: 410, reason: 'Expired' });
    (await server.watch_(0)).end();
    await server.watch_(1);
    expect(server.lists).toBe(2);
    expect(clock.pending).toBe(0);
    (await server.watch_(1)).end(refusalToError({ status: 410, body: '{}', headers: {} }, { kind: 'x', name: 'y' }));
    await server.watch_(2);
    expect(server.lists).toBe(3);
    await informer.stop();
  });

  it('survives a handler that throws, and knows an object that was made anew', async () => {
    const server = new FakeServer();
    const { informer, seen } = start(server);
    informer.onChange(() => {
      throw new TypeError('a handler that fails');
    });
    const watch = await server.watch_(0);
    watch.send('ADDED', configMap('a', 'u1', '2'));
    watch.send('ADDED', configMap('a', 'u1', '2'));
    watch.send('MODIFIED', configMap('a', 'u2', '3'));
    watch.send('DELETED', configMap('a', 'u1', '4'));
    expect(seen).toEqual(['added a u1', 'deleted a u1', 'added a u2']);
    watch.send('DELETED', configMap('a', 'u2', '5'));
    expect(seen.at(-1)).toBe('deleted a u2');
    expect(informer.list()).toEqual([]);
    await informer.stop();
  });

  it('is refreshed: leaves a watch that stands still, and a wait, and lists anew', async () => {
    const server = new FakeServer();
    const { informer, clock, seen } = start(server);
    await server.watch_(0);
    server.items = [configMap('a', 'u1', '5')];
    informer.refresh();
    const second = await server.watch_(1);
    expect(seen).toEqual(['added a u1']);
    server.listError = new UsherError('KUBE_UNREACHABLE', { detail: 'gone' });
    second.end(server.listError);
    await expect.poll(() => clock.pending).toBe(1);
    server.listError = undefined;
    informer.refresh();
    await server.watch_(2);
    expect(clock.pending).toBe(0);
    await informer.stop();
  });

  it('is refreshed while it lists: waits for that list, but not for ever', async () => {
    const server = new FakeServer();
    server.isSilent = true;
    const { informer, clock } = start(server);
    await expect.poll(() => server.lists).toBe(1);
    clock.advance(9_000);
    informer.refresh();
    await Promise.resolve();
    expect(server.lists).toBe(1);
    server.isSilent = false;
    clock.advance(2_000);
    informer.refresh();
    await server.watch_(0);
    expect(server.lists).toBe(2);
    await informer.stop();
  });

  it('stops while it waits to try again', async () => {
    const server = new FakeServer();
    server.listError = new UsherError('KUBE_UNREACHABLE', { detail: 'gone' });
    const { informer, clock } = start(server);
    await expect.poll(() => clock.pending).toBe(1);
    await informer.stop();
    expect(clock.pending).toBe(0);
    await informer.synced();
  });
});

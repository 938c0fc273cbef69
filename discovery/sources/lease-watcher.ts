import { type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../foundation/clock.ts';
import { hasErrno, messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type Lease, parseLeases } from '../core/lease-file.ts';
import { type Observe, type Source, sourceState } from './source.ts';

export interface LeaseWatcherOptions {
  /** dnsmasq's lease file; it need not exist (yet). */
  path: string;
  clock: Clock;
  logger: Logger;
  observe: Observe;
}

const POLL_MS = 5000;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_LEASES = 16_384;

/**
 * Reports each lease of a dnsmasq lease file that is new or changed. The file is read on a change notice and every 5 s,
 * since not every file system gives notices.
 */
export function startLeaseWatcher(options: LeaseWatcherOptions): Source {
  const { path, clock, logger } = options;
  const reportNew = createLeaseReporter(options);
  let cancelPoll: () => void = () => undefined;
  let watcher: FSWatcher | undefined;
  let failure: string | undefined;
  let isAbsent = false;
  let isStopped = false;
  let reading = Promise.resolve();

  const read = async (): Promise<void> => {
    try {
      const file = await readBounded(path);
      if (failure !== undefined) logger.info({ path }, 'the lease file can be read again');
      failure = undefined;
      isAbsent = false;
      // The file tells no time of its own: what it holds at first was known at the latest when it was written.
      reportNew(parseLeases(file.text), Math.min(file.modifiedAtMs, clock.nowMs()));
    } catch (error) {
      // dnsmasq makes it with the first lease, and most masters run none.
      isAbsent = hasErrno(error, 'ENOENT');
      if (isAbsent) return;
      if (failure === undefined) logger.info({ path, detail: messageOf(error) }, 'the lease file cannot be read');
      failure = messageOf(error);
    }
  };
  const readAfterwards = (): void => {
    if (!isStopped) reading = reading.then(read);
  };
  const watchFolder = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === basename(path)) readAfterwards();
      });
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch (error) {
      logger.debug({ path, detail: messageOf(error) }, 'no change notices for the lease file');
    }
  };
  const poll = (): void => {
    watchFolder();
    readAfterwards();
    cancelPoll = clock.after(POLL_MS, poll);
  };
  poll();

  return {
    state: () => ({ ...sourceState(`leases ${path}`, failure), ...(isAbsent ? { detail: 'no such file yet' } : {}) }),
    async stop() {
      isStopped = true;
      cancelPoll();
      watcher?.close();
      await reading;
    },
  };
}

/**
 * Reports the leases that run and that differ from what was reported of their MAC address before. What is missing is not
 * forgotten: dnsmasq empties the file before it writes it anew, and a reader may come in between.
 */
function createLeaseReporter({ clock, observe }: LeaseWatcherOptions) {
  const known = new LRUCache<string, string>({ max: MOST_LEASES });
  return (leases: readonly Lease[], atMs: number): void => {
    for (const { mac, expiresAtMs = Infinity, ...facts } of leases) {
      const text = JSON.stringify({ expiresAtMs, ...facts });
      if (expiresAtMs <= clock.nowMs() || known.get(mac) === text) continue;
      known.set(mac, text);
      observe(mac, { source: 'lease', interface: '', atMs, ...facts });
    }
  };
}

async function readBounded(path: string): Promise<{ text: string; modifiedAtMs: number }> {
  await using file = await open(path, 'r');
  const { mtimeMs, size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size, MOST_BYTES));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  return { text: buffer.toString('utf8', 0, bytesRead), modifiedAtMs: Math.floor(mtimeMs) };
}

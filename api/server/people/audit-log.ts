import { truncate, stat, type FileHandle } from 'node:fs/promises';
import { toRfc3339, type CancelTimer, type Clock } from '../../../foundation/clock.ts';
import { messageOf } from '../../../foundation/errors.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { GENESIS, nextEntry, type AuditEvent, type ChainHead } from '../../core/people/audit-chain.ts';
import { isAsked } from '../../core/people/audit-filter.ts';
import type { AuditEntry, AuditPage, AuditQuery, AuditVerification } from '../../core/schemas.ts';
import type { AuditAnchor } from './audit-anchor.ts';
import {
  auditFiles,
  auditPath,
  entriesOf,
  makeFolder,
  openAppending,
  sha256,
  syncFolder,
  tornBytes,
  verifyAuditFiles,
} from './audit-files.ts';

export interface AuditLogOptions {
  /** Folder of the files; made when missing. */
  dir: string;
  anchor: AuditAnchor;
  clock: Clock;
  logger: Logger;
  /** Hears that entries cannot be written, once until they can again. */
  onFailure?: (since: string, detail: string) => void;
  /** A file that is larger is not written to any more; default 4 MiB. */
  rotateBytes?: number;
}

interface OpenFile {
  handle: FileHandle;
  number: number;
  bytes: number;
}

const DEFAULT_ROTATE_BYTES = 4 * 2 ** 20;
/** The anchor follows the head by this at most, so that a storm of changes is not as many writes to Kubernetes. */
const ANCHOR_MS = 1_000;
const RETRY_MS = 10_000;
/** Entries that wait for the disk. More are lost; their number becomes an entry. */
const MOST_WAITING = 10_000;

/**
 * Who did what: an append-only log of hash-chained JSON lines on the master, its head noted in Kubernetes. Entries are on
 * the disk (fsync) as fast as it takes them, several in one go; the head is noted only then, so that after a crash the
 * files are ahead of it and never behind.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  #head: ChainHead;
  #file: OpenFile;
  #waiting: AuditEntry[] = [];
  #writing: Promise<void> | undefined;
  #anchored: ChainHead | undefined;
  #anchoring: Promise<void> | undefined;
  #cancelAnchor: CancelTimer | undefined;
  /** Not told of yet. */
  #lost = 0;
  #lostInAll = 0;
  #isFailing = false;
  /** The file ends with something that is no whole entry. */
  #isHalf = false;
  #cancelRetry: CancelTimer | undefined;

  private constructor(options: AuditLogOptions, head: ChainHead, file: OpenFile, anchored: ChainHead | undefined) {
    this.#options = options;
    this.#head = head;
    this.#file = file;
    this.#anchored = anchored;
  }

  /**
   * Opens the log where it ended. A last line that a crash tore is taken off. When the files do not have the entry that
   * the anchor names, they were changed, cut off or restored: the chain goes on behind the anchor, so that the break shows
   * for ever.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { dir, logger } = options;
    await makeFolder(dir);
    const files = await auditFiles(dir);
    const last = files.at(-1);
    if (last !== undefined) await takeOffTornLine(last.path, logger);
    const head = await headOf(files);
    const path = last?.path ?? auditPath(dir, 1);
    const handle = await openAppending(path);
    await syncFolder(dir);
    const { size } = await handle.stat();
    const anchor = await readAnchor(options);
    const from = { handle, number: last?.number ?? 1, bytes: size };
    if (anchor === undefined || (await isInFiles(anchor, files))) {
      const whole = new AuditLog(options, head, from, anchor);
      // A crash may have left entries behind the anchor: until it follows, they could be cut off and nobody would know.
      if (anchor !== undefined && anchor.seq < head.seq) whole.#anchorSoon();
      return whole;
    }
    const seq = Math.max(head.seq, anchor.seq);
    const log = new AuditLog(options, { seq, hash: anchor.hash }, from, anchor);
    logger.error(
      { filesEnd: head.seq, anchor: anchor.seq },
      'the audit log was changed, cut off or restored from a copy',
    );
    log.appendSystem('auditLogBroken', { from: String(anchor.seq), to: String(head.seq) });
    return log;
  }

  /** Whether what is added can be written. */
  get isWritable(): boolean {
    return !this.#isFailing;
  }

  /** Entries that were lost since the start: the disk took none for too long. */
  get lostEntries(): number {
    return this.#lostInAll;
  }

  /** Adds an entry. It is on the disk a moment later; {@link flushed} waits for that. */
  append(event: AuditEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#lost += 1;
      this.#lostInAll += 1;
      return;
    }
    const entry = nextEntry(event, this.#head, sha256);
    this.#head = { seq: entry.seq, hash: entry.hash };
    this.#waiting.push(entry);
    this.#write();
  }

  /** What the appliance notes by itself. */
  appendSystem(
    action: string,
    facts: Partial<Pick<AuditEvent, 'deviceId' | 'target' | 'evidence' | 'from' | 'to'>>,
  ): void {
    this.append({ ...this.#bySystem(action), ...facts });
  }

  /** Resolves when all that was added so far is on the disk. */
  async flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Those that are asked for, newest first. */
  async list(query: AuditQuery): Promise<AuditPage> {
    await this.flushed();
    const items: AuditEntry[] = [];
    for (const { path } of (await auditFiles(this.#options.dir)).toReversed()) {
      for (const entry of (await entriesOf(path)).toReversed()) {
        if (!isAsked(entry, query)) continue;
        // One more than asked for tells that there are more.
        if (items.length === query.limit) return { items, nextCursor: String(items.at(-1)?.seq) };
        items.push(entry);
      }
    }
    return { items };
  }

  /** Walks all files and compares their head with the anchor. @throws UsherError KUBE_* */
  async verify(): Promise<AuditVerification> {
    await this.flushed();
    return await verifyAuditFiles(this.#options.dir, await this.#options.anchor.read());
  }

  /** Paths of the files, oldest first, with all that was added so far. */
  async files(): Promise<string[]> {
    await this.flushed();
    return (await auditFiles(this.#options.dir)).map(({ path }) => path);
  }

  async close(): Promise<void> {
    this.#cancelRetry?.();
    if (this.#isFailing) this.#write();
    await this.flushed();
    this.#cancelRetry?.();
    this.#cancelAnchor?.();
    await this.#anchoring;
    await this.#noteHead();
    await this.#file.handle.close();
  }

  #bySystem(action: string): AuditEvent {
    const ts = toRfc3339(this.#options.clock.nowMs());
    return { ts, actor: { type: 'system', id: 'usher', ip: '' }, action, result: 'ok' };
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    const { logger } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = [...this.#waiting];
      try {
        if (this.#isHalf) await this.#undoHalf();
        await this.#rotateIfFull();
        const text = batch.map((entry) => `${JSON.stringify(entry)}\n`).join('');
        this.#isHalf = true;
        await this.#file.handle.appendFile(text);
        await this.#file.handle.datasync();
        this.#isHalf = false;
        this.#file.bytes += Buffer.byteLength(text);
        this.#waiting = this.#waiting.slice(batch.length);
      } catch (error) {
        // A full disk for instance. What was half written is taken off before they are written again.
        logger.error({ err: error, waiting: batch.length }, 'the audit log cannot be written');
        this.#fail(messageOf(error));
        return;
      }
    }
    this.#isFailing = false;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#lost > 0) {
      logger.error({ lost: this.#lost }, 'entries of the audit log were lost');
      const to = String(this.#lost);
      this.#lost = 0;
      this.appendSystem('auditEntriesLost', { to });
      return this.#writeAll();
    }
    this.#anchorSoon();
  }

  #anchorSoon(): void {
    this.#cancelAnchor ??= this.#options.clock.after(ANCHOR_MS, () => {
      this.#cancelAnchor = undefined;
      this.#anchoring = this.#noteHead();
    });
  }

  #fail(detail: string): void {
    const { clock, onFailure } = this.#options;
    if (!this.#isFailing) onFailure?.(toRfc3339(clock.nowMs()), detail);
    this.#isFailing = true;
    this.#cancelRetry?.();
    this.#cancelRetry = clock.after(RETRY_MS, () => this.#write());
  }

  async #undoHalf(): Promise<void> {
    await truncate(auditPath(this.#options.dir, this.#file.number), this.#file.bytes);
    this.#isHalf = false;
  }

  async #rotateIfFull(): Promise<void> {
    const { dir, rotateBytes = DEFAULT_ROTATE_BYTES } = this.#options;
    if (this.#file.bytes < rotateBytes) return;
    const number = this.#file.number + 1;
    const handle = await openAppending(auditPath(dir, number));
    await syncFolder(dir);
    await this.#file.handle.close();
    this.#file = { handle, number, bytes: 0 };
  }

  /** Notes the newest entry that is on the disk; without Kubernetes the next one is noted later. */
  async #noteHead(): Promise<void> {
    const [first] = this.#waiting;
    const head = first === undefined ? this.#head : { seq: first.seq - 1, hash: first.prevHash };
    if (head.seq <= (this.#anchored?.seq ?? 0)) return;
    try {
      await this.#options.anchor.write(head);
      this.#anchored = head;
    } catch (error) {
      this.#options.logger.warn({ detail: messageOf(error) }, 'the head of the audit log could not be noted');
    }
  }
}

async function headOf(files: readonly { path: string }[]): Promise<ChainHead> {
  for (const { path } of files.toReversed()) {
    const newest = (await entriesOf(path)).at(-1);
    if (newest !== undefined) return { seq: newest.seq, hash: newest.hash };
  }
  return GENESIS;
}

async function isInFiles({ seq, hash }: ChainHead, files: readonly { path: string }[]): Promise<boolean> {
  for (const { path } of files.toReversed()) {
    const entry = (await entriesOf(path)).find((one) => one.seq === seq);
    if (entry !== undefined) return entry.hash === hash;
  }
  return false;
}

async function readAnchor({ anchor, logger }: AuditLogOptions): Promise<ChainHead | undefined> {
  try {
    return await anchor.read();
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, 'the head of the audit log could not be compared');
    return undefined;
  }
}

async function takeOffTornLine(path: string, logger: Logger): Promise<void> {
  const torn = await tornBytes(path);
  if (torn === 0) return;
  const { size } = await stat(path);
  logger.warn({ bytes: torn }, 'the last line of the audit log was not finished: taken off');
  await truncate(path, size - torn);
}

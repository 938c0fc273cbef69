import type { Request, Response } from 'express';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { UsherError } from '../../foundation/errors.ts';
import type { LiveEvent } from '../core/schemas.ts';

interface Sent {
  id: number;
  key: string;
  text: string;
}

interface Client {
  response: Response;
  /** False once its session has ended. */
  isAllowed: () => boolean;
  /** Newest event of each thing that the connection could not take yet. */
  backlog: Map<string, Sent>;
  /** Heartbeats for which the connection has taken nothing. */
  stuckBeats: number;
}

const HEARTBEAT_MS = 15_000;
/** Events kept for clients that come back; older ones get a snapshot. */
const MAX_KEPT = 1024;
const MAX_CLIENTS = 128;
const MAX_STUCK_BEATS = 4;
const RETRY_HINT_MS = 1000;

/**
 * Server-sent events (WHATWG HTML, section 9.2). Ids grow by one and begin at the time of the start in milliseconds, so
 * that ids of an earlier run are never mistaken for ones of this. A client that cannot keep up gets, of each thing, the
 * newest event only: its backlog is bounded by the number of things.
 */
export class EventHub {
  readonly #clock: Clock;
  readonly #clients = new Set<Client>();
  readonly #kept: Sent[] = [];
  #lastId: number;
  #cancelBeat: CancelTimer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastId = clock.nowMs();
    this.#cancelBeat = clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  /** Sends an event to everybody. */
  publish(key: string, event: LiveEvent): void {
    this.#lastId += 1;
    const sent = { id: this.#lastId, key, text: eventText(this.#lastId, event) };
    this.#kept.push(sent);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    for (const client of this.#clients) deliver(client, sent);
  }

  /**
   * Answers a request with the stream: what came after its Last-Event-ID when that is still known, else a snapshot.
   * @throws UsherError RATE_LIMITED when there are too many streams
   */
  open(request: Request, response: Response, snapshot: () => readonly LiveEvent[], isAllowed: () => boolean): void {
    if (this.#clients.size >= MAX_CLIENTS) throw new UsherError('RATE_LIMITED', { retryAfterSec: 30 });
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const client: Client = { response, isAllowed, backlog: new Map(), stuckBeats: 0 };
    response.on('drain', () => drain(client));
    response.on('close', () => this.#clients.delete(client));
    response.write(`retry: ${RETRY_HINT_MS}\n\n`);
    const missed = this.#since(request.get('last-event-id'));
    if (missed === undefined) for (const event of snapshot()) response.write(eventText(this.#lastId, event));
    else for (const sent of missed) deliver(client, sent);
    this.#clients.add(client);
  }

  /** Streams that are open. */
  get size(): number {
    return this.#clients.size;
  }

  /** Ends every stream. */
  close(): void {
    this.#cancelBeat();
    for (const { response } of this.#clients) response.end();
    this.#clients.clear();
  }

  /** What was published after the event of that id, of each thing the newest; undefined when that is not known. */
  #since(lastEventId: string | undefined): Sent[] | undefined {
    if (lastEventId === undefined || !/^\d{1,15}$/.test(lastEventId)) return undefined;
    const id = Number(lastEventId);
    const firstKept = this.#kept[0]?.id ?? this.#lastId + 1;
    if (id < firstKept - 1 || id > this.#lastId) return undefined;
    const newest = new Map<string, Sent>();
    for (const sent of this.#kept) {
      if (sent.id <= id) continue;
      newest.delete(sent.key);
      newest.set(sent.key, sent);
    }
    return [...newest.values()];
  }

  #beat(): void {
    for (const client of this.#clients) {
      client.stuckBeats = client.response.writableNeedDrain ? client.stuckBeats + 1 : 0;
      if (!client.isAllowed() || client.stuckBeats > MAX_STUCK_BEATS) client.response.destroy();
      else if (!client.response.writableNeedDrain) client.response.write(':\n\n');
    }
    this.#cancelBeat = this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }
}

function eventText(id: number, event: LiveEvent): string {
  return `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
}

function deliver(client: Client, sent: Sent): void {
  if (client.response.writableNeedDrain) {
    // Taken out and put in again, so that ids leave in growing order.
    client.backlog.delete(sent.key);
    client.backlog.set(sent.key, sent);
  } else {
    client.response.write(sent.text);
  }
}

function drain(client: Client): void {
  for (const [key, sent] of client.backlog) {
    if (client.response.writableNeedDrain) return;
    client.backlog.delete(key);
    client.response.write(sent.text);
  }
}

import { createHash } from 'node:crypto';
import { type Clock, toRfc3339 } from '../foundation/clock.ts';
import { isUsherError, messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import { printable } from '../foundation/text.ts';
import type { KubeClient } from './client/kube-client.ts';
import { EVENT, EVENTS_NAMESPACE, type KubeEvent } from './core/kube-event.ts';
import { type KubeObject, MANAGED_BY } from './core/resources.ts';

/** The API server forgets events after an hour, and refuses longer texts. */
const SERIES_MS = 30 * 60_000;
const MAX_SERIES = 512;
const MAX_NOTE = 1024;
const MAX_REASON = 128;

/** What happened to an object, for `kubectl describe` and `kubectl events`. */
export interface Happening {
  type: 'Normal' | 'Warning';
  /** CamelCase, for programs: `Ticketed`. */
  reason: string;
  /** One sentence, for people. */
  message: string;
  /** CamelCase, what was done or attempted: `MakeTicket`. */
  action: string;
}

/**
 * Writes Kubernetes Events. The same thing happening to the same object again within half an hour counts up one Event
 * instead of making another. An Event that cannot be written is logged and never fails what it tells about.
 */
export class EventRecorder {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #instance: string;
  /** Name and count of the Events of late, oldest first. */
  readonly #series = new Map<string, { name: string; count: number; startedMs: number }>();

  /** `instance` tells one appliance from another, for instance its host name. */
  constructor(options: { kube: KubeClient; clock: Clock; logger: Logger; instance: string }) {
    this.#kube = options.kube;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#instance = options.instance;
  }

  async record(regarding: KubeObject, happening: Happening): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const key = keyOf(regarding, happening);
    const known = this.#series.get(key);
    try {
      if (known !== undefined && nowMs - known.startedMs < SERIES_MS) {
        known.count += 1;
        if (await this.#countUp(regarding, known, nowMs)) return;
      }
      const name = `${regarding.metadata.name.slice(0, 200)}.${key.slice(0, 12)}${nowMs.toString(36)}`;
      this.#remember(key, { name, count: 1, startedMs: nowMs });
      await this.#kube.create(EVENT, this.#eventOf(regarding, happening, name, nowMs));
    } catch (error) {
      this.#logger.warn(
        { detail: messageOf(error), reason: happening.reason, object: regarding.metadata.name },
        'an event could not be written',
      );
    }
  }

  /** False when the Event is gone meanwhile. */
  async #countUp(regarding: KubeObject, known: { name: string; count: number }, nowMs: number): Promise<boolean> {
    try {
      const name = { name: known.name, namespace: namespaceOf(regarding) };
      const series = { count: known.count, lastObservedTime: microTime(nowMs) };
      await this.#kube.mergePatch(EVENT, name, { series });
      return true;
    } catch (error) {
      if (isUsherError(error, 'KUBE_NOT_FOUND')) return false;
      throw error;
    }
  }

  #remember(key: string, entry: { name: string; count: number; startedMs: number }): void {
    this.#series.delete(key);
    this.#series.set(key, entry);
    const [oldest] = this.#series.keys();
    if (this.#series.size > MAX_SERIES && oldest !== undefined) this.#series.delete(oldest);
  }

  #eventOf(regarding: KubeObject, happening: Happening, name: string, nowMs: number): KubeEvent {
    const { namespace, uid, resourceVersion } = regarding.metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace: namespaceOf(regarding), labels: { ...MANAGED_BY } },
      eventTime: microTime(nowMs),
      reportingController: 'usher.internal/appliance',
      reportingInstance: this.#instance.slice(0, 128),
      action: happening.action.slice(0, MAX_REASON),
      reason: happening.reason.slice(0, MAX_REASON),
      regarding: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name: regarding.metadata.name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      note: printable(happening.message, MAX_NOTE),
      type: happening.type,
    };
  }
}

function namespaceOf(regarding: KubeObject): string {
  return regarding.metadata.namespace ?? EVENTS_NAMESPACE;
}

function keyOf(regarding: KubeObject, happening: Happening): string {
  const { uid, name } = regarding.metadata;
  const parts = [regarding.kind, uid ?? name, happening.type, happening.reason, happening.action, happening.message];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** MicroTime wants six digits after the seconds. */
function microTime(ms: number): string {
  return toRfc3339(ms).replace('Z', '000Z');
}

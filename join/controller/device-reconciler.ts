import { isDeepStrictEqual } from 'node:util';
import { toRfc3339, type CancelTimer, type Clock } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, messageOf, type UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import type { Informer } from '../../k8s/client/kube-client.ts';
import type { Device, DeviceHardware, Node } from '../../k8s/core/resources.ts';
import { LIMITS_MS, type JoinEvent } from '../core/chart.ts';
import { withoutReportedFault } from '../core/reported-fault.ts';
import type { ActionExecutor } from './action-executor.ts';
import type { ClaimBinder } from './claim-binder.ts';
import { applyMark, refOf, type DevicePlanner, type Plan, type Tried } from './device-planner.ts';
import type { DeviceStore } from './device-store.ts';
import type { EventSink } from './ports.ts';
import type { RevokedTokens } from './revoked-tokens.ts';
import { SerialQueues } from '../../foundation/serial-queues.ts';

export interface DeviceReconcilerOptions {
  readonly store: DeviceStore;
  readonly nodes: Informer<Node>;
  readonly binder: ClaimBinder;
  readonly planner: DevicePlanner;
  readonly executor: ActionExecutor;
  readonly revokedTokens: RevokedTokens;
  /** Hears of what a person must judge. */
  readonly alarms?: Pick<AlarmBook, 'raise'>;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What comes from outside the caches. */
export interface Given {
  readonly event?: JoinEvent;
  readonly hardware?: DeviceHardware;
  /** What the device reported is over. */
  readonly faultOver?: true;
  /** Hardware that is not the recorded one and waits for an operator's word. */
  readonly otherBoard?: DeviceHardware;
}

/** What is remembered of a device only as long as this process lives; losing it costs a repetition, never a wrong step. */
interface Memory {
  tried: Tried;
  lastHeardMs: number;
  /** The board that the device's quarantine is about. */
  otherBoard: DeviceHardware | undefined;
  version: number;
  /** Failed rounds of actions in a row. */
  failures: number;
  cancelDeadline: CancelTimer | undefined;
  /** Set while a retry is due; looking at the device for another reason does not replace it. */
  cancelRetry: CancelTimer | undefined;
}

const MOST_ROUNDS = 20;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const RELEASE_RETRY_MS = 10_000;
const DRAIN_LOOK_MS = 2000;

/**
 * Moves devices along the chart.
 *
 * INVARIANTS: of one device only one task runs at a time (its queue). A state is written before its actions are done,
 * and over just the version it was derived from; when somebody wrote meanwhile, everything is derived anew. What is done
 * next is read from the caches after every round, so it does not matter where an earlier process stopped.
 */
export class DeviceReconciler {
  readonly #options: DeviceReconcilerOptions;
  readonly #queues = new SerialQueues();
  readonly #waiting = new Set<string>();
  readonly #memories = new Map<string, Memory>();
  readonly #handlers = new Set<(deviceId: string) => void>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #startedMs: number;
  #isStopped = false;

  constructor(options: DeviceReconcilerOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
  }

  /** Takes up every device where it stands. The informers must be synced. */
  start(): void {
    const { store, nodes, binder, revokedTokens } = this.#options;
    this.#unsubscribe.push(
      revokedTokens.onChange((tokenId) => this.#tokenRevoked(tokenId)),
      store.onChange((id) => this.enqueue(id)),
      binder.onBinding((id) => this.enqueue(id)),
      nodes.onChange(({ object }) => this.#nodeChanged(object.metadata.name)),
    );
    for (const device of store.list()) {
      const { join } = device.status ?? {};
      // What was being done when the last process ended is done again. A ready device needs no such thing.
      const mayBeHalfDone = join !== undefined && join.attempt > 0 && join.state !== 'ready';
      this.#enqueue(device.metadata.name, mayBeHalfDone ? { event: { type: 'RESUME' } } : {});
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const memory of this.#memories.values()) cancelTimers(memory);
    await this.#queues.idle();
  }

  /** Runs `task` when nothing else runs for this device. */
  run<T>(deviceId: string, task: () => Promise<T>): Promise<T> {
    return this.#queues.run(deviceId, task);
  }

  /** Looks at the device soon; several wishes that have not begun are one. */
  enqueue(deviceId: string): void {
    if (this.#waiting.has(deviceId)) return;
    this.#waiting.add(deviceId);
    this.#enqueue(deviceId, {});
  }

  /** Notes that the device is there. */
  heardOf(deviceId: string): void {
    this.#memoryOf(deviceId).lastHeardMs = this.#options.clock.nowMs();
  }

  /** Grows with every change of the device's status, also across restarts of the appliance. */
  versionOf(deviceId: string): number {
    return this.#startedMs + (this.#memories.get(deviceId)?.version ?? 0);
  }

  onChange(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /**
   * Follows what is given, then the world, until there is nothing to do but wait. To be called inside {@link run}.
   * @returns what kept the actions from being done, if something did; they are tried again by themselves
   */
  async advance(deviceId: string, given: Given = {}): Promise<UsherError | undefined> {
    try {
      const failed = await this.#follow(deviceId, given);
      if (failed === undefined) this.#arm(deviceId);
      else this.#retryLater(deviceId, failed);
      return failed;
    } catch (error) {
      this.#retryLater(deviceId, asUsherError(error));
      throw error;
    }
  }

  async #follow(deviceId: string, given: Given): Promise<UsherError | undefined> {
    const { store, executor } = this.#options;
    const memory = this.#memoryOf(deviceId);
    // The first one is shown to the operator, whose word is about that one.
    memory.otherBoard ??= given.otherBoard;
    let { event, hardware } = given;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const device = await this.#withdrawn(store.get(deviceId));
      if (device === undefined || this.#isStopped) return undefined;
      const plan = this.#plan(given.faultOver ? withoutReportedFault(device) : device, event, hardware);
      const written = await this.#write(device, plan);
      if (written === undefined) continue;
      hardware = undefined;
      if (plan.join.state !== 'quarantined') memory.otherBoard = undefined;
      this.#tellStory(written, plan);
      this.#noteTried(memory, plan);
      if (plan.actions.length > 0) {
        const { join, claim, node } = plan;
        const outcome = await executor.run(plan.actions, { device: written, ref: refOf(written), join, claim, node });
        await this.#raise(written, outcome.event);
        if (outcome.failed !== undefined) {
          memory.tried = {};
          return outcome.failed;
        }
        memory.failures = 0;
        this.#noteDrain(memory, plan, outcome.podsLeaving);
        // The watch has not told yet that it is gone, and there is nothing left to do for it.
        if (plan.actions.some(({ name }) => name === 'forgetDevice')) return undefined;
        event = outcome.event;
        continue;
      }
      return undefined;
    }
    return undefined;
  }

  /** The device without the evidence of a token that was revoked before it had joined. */
  async #withdrawn(device: Device | undefined): Promise<Device | undefined> {
    const { store, revokedTokens, clock } = this.#options;
    if (device === undefined || !revokedTokens.bearOn(device)) return device;
    const evidence = { withdrawnAt: toRfc3339(clock.nowMs()) };
    return await store.patch(device.metadata.name, { spec: { evidence } });
  }

  /** Before the state says so: after a crash it is found, and raised, once more. */
  async #raise(device: Device, event: JoinEvent | undefined): Promise<void> {
    if (event?.type !== 'TICKET_FAILED' || event.error.code !== 'NODE_PASSWORD_FOREIGN') return;
    const { code, params } = event.error;
    await this.#options.alarms?.raise({
      code,
      params,
      device: device.metadata.name,
      nodeName: device.status?.join?.nodeName ?? '',
      occasion: String(device.status?.join?.attempt ?? 0),
    });
  }

  #tokenRevoked(tokenId: string): void {
    for (const { metadata, spec } of this.#options.store.list())
      if (spec.evidence.tokenId === tokenId) this.enqueue(metadata.name);
  }

  #plan(device: Device, event: JoinEvent | undefined, hardware: DeviceHardware | undefined): Plan {
    const nowMs = this.#options.clock.nowMs();
    const { tried, lastHeardMs, otherBoard } = this.#memoryOf(device.metadata.name);
    const isGoing = device.metadata.deletionTimestamp !== undefined;
    const idle = !isGoing && nowMs - lastHeardMs >= LIMITS_MS.idle;
    return this.#options.planner.plan({ device, event, hardware, otherBoard, tried, idle, nowMs });
  }

  /** The device with the planned status; undefined when somebody else was faster and all must be thought over. */
  async #write(device: Device, plan: Plan): Promise<Device | undefined> {
    const { store, logger } = this.#options;
    const { name } = device.metadata;
    if (isDeepStrictEqual(plan.status, device.status)) return device;
    const from = device.status?.join?.state ?? 'new';
    try {
      const written = await store.writeStatus(device, plan.status);
      this.#announce(name);
      if (from !== plan.join.state) logger.info({ device: name, from, to: plan.join.state }, 'device moved on');
      return written;
    } catch (error) {
      if (!isUsherError(error, 'KUBE_CONFLICT')) throw error;
      await store.refresh(name);
      return undefined;
    }
  }

  #tellStory(device: Device, { stories }: Plan): void {
    for (const story of stories) void this.#options.events.record(device, { ...story, action: 'Join' });
  }

  #noteTried({ tried }: Memory, { actions, node, claim, join }: Plan): void {
    // From here on, labels that are missing were taken off by somebody else.
    if (join.state === 'ready') delete tried.labels;
    for (const { name } of actions) {
      if (name === 'applyLabels' && node !== undefined && claim !== undefined) tried.labels = applyMark(node, claim);
      if (name === 'releaseNode' && node !== undefined)
        tried.releaseFromMs = this.#options.clock.nowMs() + RELEASE_RETRY_MS;
    }
  }

  #noteDrain({ tried }: Memory, { actions, node }: Plan, podsLeaving: number): void {
    if (node === undefined || !actions.some(({ name }) => name === 'releaseNode')) return;
    tried.draining = { uid: node.metadata.uid, podsLeaving };
    if (podsLeaving > 0) tried.releaseFromMs = this.#options.clock.nowMs() + DRAIN_LOOK_MS;
  }

  #announce(deviceId: string): void {
    this.#memoryOf(deviceId).version += 1;
    for (const handler of this.#handlers) handler(deviceId);
  }

  #enqueue(deviceId: string, given: Given): void {
    if (this.#isStopped) return;
    const task = async (): Promise<void> => {
      this.#waiting.delete(deviceId);
      if (this.#options.store.get(deviceId) === undefined) this.#forget(deviceId);
      else await this.advance(deviceId, given);
    };
    // What failed is logged and tried again by advance itself.
    void this.#queues.run(deviceId, task).catch(() => undefined);
  }

  /** Every state says what must be done once more in it, so nothing but the device need be remembered. */
  #retryLater(deviceId: string, error: UsherError): void {
    if (this.#isStopped || error.code === 'DEVICE_UNKNOWN') return;
    const memory = this.#memoryOf(deviceId);
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** memory.failures);
    memory.failures += 1;
    this.#options.logger.warn(
      { device: deviceId, code: error.code, detail: messageOf(error), delayMs },
      'a step of a join is tried again later',
    );
    memory.cancelRetry?.();
    memory.cancelRetry = this.#options.clock.after(delayMs, () => {
      memory.cancelRetry = undefined;
      this.#enqueue(deviceId, { event: { type: 'RESUME' } });
    });
  }

  /** Comes back when a time limit is reached. */
  #arm(deviceId: string): void {
    const { store, clock } = this.#options;
    const device = store.get(deviceId);
    const memory = this.#memoryOf(deviceId);
    const nowMs = clock.nowMs();
    const { deadline, state } = device?.status?.join ?? {};
    const moments = [
      deadline === undefined ? undefined : Date.parse(deadline),
      memory.tried.releaseFromMs,
      state === 'pending' ? memory.lastHeardMs + LIMITS_MS.idle : undefined,
    ].filter((moment) => moment !== undefined && moment > nowMs);
    const next = Math.min(...moments.map((moment) => moment ?? Infinity));
    memory.cancelDeadline?.();
    memory.cancelDeadline = undefined;
    if (!Number.isFinite(next) || this.#isStopped) return;
    memory.cancelDeadline = clock.after(next - nowMs, () => this.enqueue(deviceId));
  }

  #nodeChanged(nodeName: string): void {
    for (const { metadata } of this.#options.store.ofNode(nodeName)) this.enqueue(metadata.name);
  }

  #forget(deviceId: string): void {
    const memory = this.#memories.get(deviceId);
    if (memory === undefined) return;
    cancelTimers(memory);
    this.#memories.delete(deviceId);
    for (const handler of this.#handlers) handler(deviceId);
  }

  #memoryOf(deviceId: string): Memory {
    const known = this.#memories.get(deviceId);
    if (known !== undefined) return known;
    const lastHeardMs = this.#options.clock.nowMs();
    const memory: Memory = {
      tried: {},
      lastHeardMs,
      otherBoard: undefined,
      version: 0,
      failures: 0,
      cancelDeadline: undefined,
      cancelRetry: undefined,
    };
    this.#memories.set(deviceId, memory);
    return memory;
  }
}

function cancelTimers(memory: Memory): void {
  memory.cancelDeadline?.();
  memory.cancelRetry?.();
}

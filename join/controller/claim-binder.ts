import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../foundation/clock.ts';
import { isUsherError, messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import type { RetiredNames } from '../../k8s/retired-names.ts';
import { DEVICE_CLAIM, type DeviceClaim, type Node, type ObjectRef } from '../../k8s/core/resources.ts';
import type { Bindings, DeviceBinding } from '../core/binding.ts';
import { deriveClaimStatus } from '../core/claim-status.ts';
import { BindingInputs } from './binding-inputs.ts';
import type { DeviceStore } from './device-store.ts';
import { LiveBindings } from './live-bindings.ts';
import { isNewer } from './resource-version.ts';
import type { EventSink, NodeLabels } from './ports.ts';
import { SerialQueues } from '../../foundation/serial-queues.ts';

export interface ClaimBinderOptions {
  readonly kube: KubeClient;
  readonly store: DeviceStore;
  readonly claims: Informer<DeviceClaim>;
  readonly nodes: Informer<Node>;
  readonly labels: Pick<NodeLabels, 'deviceOf'>;
  readonly events: EventSink;
  /** Node names that are never handed out. */
  readonly retiredNames?: RetiredNames;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/**
 * Binds claims to devices and writes DeviceClaim.status, which nobody else writes. What is bound is computed anew from
 * the caches where one of them changed; the join controller asks for it and writes Device.status.claimRef.
 */
export class ClaimBinder {
  readonly #options: ClaimBinderOptions;
  readonly #queues = new SerialQueues();
  readonly #handlers = new Set<(deviceId: string) => void>();
  readonly #touched = new Set<string>();
  readonly #namedHandlers = new Set<(deviceId: string) => void>();
  readonly #inputs = new BindingInputs();
  /** Uid, generation and deletion of each claim: its status says nothing to its device. */
  readonly #seen = new Map<string, string>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #written = new Map<string, DeviceClaim>();
  readonly #bindings: LiveBindings;
  #retired: readonly string[] = [];
  #isStale = true;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: ClaimBinderOptions) {
    this.#options = options;
    this.#bindings = new LiveBindings(this.#inputs, (name) => options.retiredNames?.has(name) === true);
  }

  /** Begins to bind. The informers must be synced. */
  start(): void {
    const { claims, nodes, store } = this.#options;
    for (const node of nodes.list()) this.#setNode(node.metadata.name, node);
    for (const device of store.list()) this.#inputs.setDevice(device.metadata.name, device);
    for (const claim of claims.list()) this.#inputs.setClaim(claim.metadata.name, claim);
    this.#unsubscribe.push(
      claims.onChange(({ type, object }) => this.#claimChanged(type === 'deleted', object)),
      nodes.onChange(({ type, object }) => this.#nodeChanged(type === 'deleted', object)),
      store.onChange((id) => this.#deviceChanged(id)),
      this.#options.retiredNames?.onChange(() => this.#namesChanged()) ?? (() => undefined),
    );
    for (const { metadata } of claims.list()) this.#touch(metadata.name);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#queues.idle();
  }

  bindingOf(deviceId: string): DeviceBinding {
    return this.#current().devices.get(deviceId) ?? { is: 'unclaimed' };
  }

  claimNamed(name: string): DeviceClaim | undefined {
    return this.#options.claims.get(name);
  }

  /** Whether this very claim still exists, bound or not. */
  hasClaim(ref: ObjectRef | undefined): boolean {
    return ref !== undefined && this.#inputs.hasClaim(ref.name, ref.uid);
  }

  /** The newest version known: the reply to an own write comes before the watch's word of it. */
  #newestClaim(name: string): DeviceClaim | undefined {
    const seen = this.claimNamed(name);
    const written = this.#written.get(name);
    if (seen === undefined || written === undefined || isNewer(seen, written)) {
      this.#written.delete(name);
      return seen;
    }
    return written;
  }

  /** Whether a claim names this key, which is evidence of the kind Key. */
  claimsKey(keyFingerprint: string): boolean {
    return this.#inputs.claimsKey(keyFingerprint);
  }

  /** Ids of the devices whose place this one takes by an operator's word about just its key. */
  replacedBy(deviceId: string): string[] {
    return this.#inputs.replacedBy(deviceId);
  }

  /** Calls back with the id of each device whose key a claim names anew, known or not. Returns the unsubscribe. */
  onNamed(handler: (deviceId: string) => void): () => void {
    this.#namedHandlers.add(handler);
    return () => this.#namedHandlers.delete(handler);
  }

  /** Calls back for each device whose claim came, went or changed. Returns the unsubscribe. */
  onBinding(handler: (deviceId: string) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  #claimChanged(isGone: boolean, claim: DeviceClaim): void {
    const { metadata } = claim;
    const { name, uid = '', generation = 0, deletionTimestamp = '' } = metadata;
    const mark = `${uid} ${String(generation)} ${deletionTimestamp}`;
    this.#touch(name);
    this.#schedule();
    // The binder's own writes of its status come back this way.
    if (!isGone && this.#seen.get(name) === mark) return;
    if (isGone) this.#seen.delete(name);
    else this.#seen.set(name, mark);
    if (this.#inputs.setClaim(name, isGone ? undefined : claim)) this.#isStale = true;
    // The device hears of it even when it stays bound: its labels may have to follow.
    const binding = this.#bindings.claims.get(name);
    if (binding?.is === 'bound') this.#tell(binding.device);
    if (isGone) this.#tellNamingDevices(uid);
    const named = this.#inputs.deviceNamedBy(name);
    if (named !== undefined) for (const handler of this.#namedHandlers) handler(named);
  }

  /** A device may name a claim that it is not bound to; whether that one exists decides over its Node. */
  #tellNamingDevices(claimUid: string): void {
    for (const { metadata, status } of this.#options.store.list()) {
      if (status?.claimRef?.uid === claimUid) this.#tell(metadata.name);
    }
  }

  #nodeChanged(isGone: boolean, node: Node): void {
    if (!this.#setNode(node.metadata.name, isGone ? undefined : node)) return;
    this.#isStale = true;
    this.#schedule();
  }

  #setNode(name: string, node: Node | undefined): boolean {
    return this.#inputs.setNode(
      name,
      node === undefined ? undefined : { name, device: this.#options.labels.deviceOf(node) },
    );
  }

  #namesChanged(): void {
    const retired = this.#options.retiredNames?.list() ?? [];
    this.#inputs.touchNames([...this.#retired, ...retired]);
    this.#retired = retired;
    this.#isStale = true;
    this.#schedule();
  }

  #deviceChanged(id: string): void {
    if (this.#inputs.setDevice(id, this.#options.store.get(id))) this.#isStale = true;
    const binding = this.#bindings.devices.get(id);
    if (binding?.is === 'bound') this.#touch(binding.claim);
    this.#schedule();
  }

  #touch(claimName: string): void {
    this.#touched.add(claimName);
  }

  #tell(deviceId: string): void {
    for (const handler of this.#handlers) handler(deviceId);
  }

  /** Changes of one turn of the event loop are looked at together; nothing waits longer than that. */
  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#current();
      const touched = [...this.#touched];
      this.#touched.clear();
      for (const name of touched) this.#enqueue(name);
    });
  }

  #current(): Bindings {
    if (!this.#isStale || this.#isStopped) return this.#bindings;
    this.#isStale = false;
    const { claims, devices } = this.#bindings.update();
    for (const name of claims) this.#touch(name);
    if (devices.length > 0) {
      this.#schedule();
      for (const id of devices) this.#tell(id);
    }
    return this.#bindings;
  }

  #enqueue(name: string, attempt = 0): void {
    if (this.#isStopped) return;
    void this.#queues.run(name, async () => {
      try {
        await this.#write(name);
      } catch (error) {
        const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
        // A conflict only says that the watch has not told of the newest version yet.
        const isQuiet = isUsherError(error, 'KUBE_CONFLICT', 'KUBE_NOT_FOUND');
        const { logger, clock } = this.#options;
        if (!isQuiet)
          logger.warn({ claim: name, detail: messageOf(error), delayMs }, 'claim status could not be written');
        clock.after(delayMs, () => this.#enqueue(name, attempt + 1));
      }
    });
  }

  async #write(name: string): Promise<void> {
    const claim = this.#newestClaim(name);
    if (claim === undefined || this.#isStopped) return;
    const { clock, kube, store, events } = this.#options;
    const binding = this.#current().claims.get(name) ?? { is: 'waiting' };
    const device = binding.is === 'bound' ? store.get(binding.device) : undefined;
    const status = deriveClaimStatus(claim, binding, device, clock.nowMs());
    if (isDeepStrictEqual(status, claim.status)) return;
    this.#written.set(name, await kube.replaceStatus(DEVICE_CLAIM, { ...claim, status }));
    const said = status.conditions?.find(({ type }) => type === 'Bound');
    if (said === undefined || said.reason === claim.status?.conditions?.find(({ type }) => type === 'Bound')?.reason)
      return;
    if (binding.is === 'waiting') return;
    const type = binding.is === 'conflict' ? 'Warning' : 'Normal';
    await events.record(claim, { type, reason: said.reason, message: said.message, action: 'Bind' });
  }
}

import type { Pod } from '../../../../k8s/core/pods.ts';
import type { DeviceClaim, Node } from '../../../../k8s/core/resources.ts';
import { deviceResource } from '../../../../k8s/core/sensor-service/resource-names.ts';
import type { SensorService } from '../../../../k8s/core/sensor-service/sensor-service.ts';
import { nodeFor, podOn } from '../../../support/sensor-service/service-world.ts';
import { Program } from './program.ts';
import { type Claim, LABELS, type Name, type Site } from './site.ts';
import { Standby } from './standby.ts';

/** A board that hangs is reset by its watchdog after this, ms. */
const RESET_MS = 15_000;
/** Kubernetes notices within so many rounds that a node went silent, or came back. */
const NOTICE_ROUNDS = 24;

/** One board: its claim and Node, its kubelet with the service's pod, and the standby. */
export class Board {
  readonly name: Name;
  claim: Claim;
  /** There is a claim for it. */
  isClaimed = true;
  /** There is a Node for it. */
  isPresent: boolean;
  hasDevice = true;
  standby: Standby;
  readonly #site: Site;
  #isOn = true;
  #hungUntilMs = Number.NEGATIVE_INFINITY;
  #isNodeReady = true;
  #noticeIn = 0;
  #endsWithoutDevice = true;
  #pod: 'none' | 'running' | 'ending' = 'none';
  /** As its kubelet said last. */
  #isPodReady = false;
  #starts = 0;

  constructor(site: Site, name: Name, { claim, isPresent }: { claim: Claim; isPresent: boolean }) {
    this.#site = site;
    this.name = name;
    this.claim = claim;
    this.isPresent = isPresent;
    this.isClaimed = isPresent;
    this.standby = new Standby(site, name);
  }

  /** Whether it and the API server hear each other. */
  get isHeard(): boolean {
    return this.isPresent && this.#isOn && this.standby.hasLink && !this.#isHung;
  }

  /** Whether its program could act, if it were granted to. */
  get isFit(): boolean {
    return this.isHeard && this.#pod === 'running' && this.hasDevice && this.standby.program !== undefined;
  }

  get #isHung(): boolean {
    return this.#site.nowMs < this.#hungUntilMs;
  }

  /** Everything that happens on it within a round. */
  turn(): void {
    if (!this.isPresent) return;
    if (this.#isHung) return;
    if (this.#hungUntilMs > 0) this.#reset();
    this.#kubelet();
    if (this.#isOn) this.standby.turn();
  }

  /** What Kubernetes notices by itself, once a round. */
  notice(): void {
    if (!this.isPresent || this.isHeard === this.#isNodeReady) return;
    this.#noticeIn -= 1;
    if (this.#noticeIn > 0) return;
    this.#isNodeReady = this.isHeard;
    this.#noticeIn = this.#site.dice.below(NOTICE_ROUNDS);
    this.#site.changed();
  }

  // --- what people and faults do ---

  cutLink(): void {
    this.standby.hasLink = false;
  }

  cutPower(): void {
    this.standby = new Standby(this.#site, this.name);
    this.#isOn = false;
  }

  /** It stands still with its hands on something until its watchdog resets it; the reset is sure, the link stays. */
  hang(): void {
    if (this.#isOn && !this.#isHung) this.#hungUntilMs = this.#site.nowMs + RESET_MS;
  }

  /** Link and power are back. */
  comeBack(): void {
    if (this.#isHung) return;
    this.#isOn = true;
    this.standby.hasLink = true;
  }

  /** The Node is deleted, which vouches that the board is off. Its claim stays when it is taken away for repair. */
  leave(keepsClaim: boolean): void {
    this.cutPower();
    this.isClaimed &&= keepsClaim;
    this.isPresent = false;
    this.#hungUntilMs = Number.NEGATIVE_INFINITY;
    this.#pod = 'none';
    this.#isPodReady = false;
  }

  join(): void {
    if (this.isPresent) return;
    this.isClaimed = true;
    this.isPresent = true;
    this.#isNodeReady = true;
    this.comeBack();
  }

  plug(): void {
    this.hasDevice = true;
  }

  /** Its program ends of that, or does not notice. */
  unplug(endsProgram: boolean): void {
    this.hasDevice = false;
    this.#endsWithoutDevice = endsProgram;
  }

  // --- what the controller sees ---

  nodeObject(service: SensorService): Node {
    const { labels, pair } = this.claim;
    const base = { labels: { ...LABELS[labels] }, service, ready: this.#isNodeReady };
    const node = nodeFor(this.name, pair === undefined ? base : { ...base, pair: [pair[0], pair[1]] });
    if (this.hasDevice || node.status?.allocatable === undefined) return node;
    for (const rule of service.spec.devices ?? []) node.status.allocatable[deviceResource(rule)] = '0';
    return node;
  }

  claimObject(): DeviceClaim {
    const { labels, pair } = this.claim;
    return {
      apiVersion: 'usher.internal/v1alpha1',
      kind: 'DeviceClaim',
      metadata: { name: this.name },
      spec: {
        match: {},
        labels: { ...LABELS[labels] },
        ...(pair === undefined ? {} : { pair: { name: pair[0], role: pair[1] } }),
      },
      status: { phase: this.isPresent ? 'Joined' : 'Waiting' },
    };
  }

  podObject(service: SensorService, version: string): Pod | undefined {
    const hides = this.#site.defects.hidesSilentPods === true && !this.isHeard;
    if (this.#pod === 'none' || hides) return undefined;
    const pod = podOn(this.name, { service, version, ...(this.#isPodReady ? {} : { status: { phase: 'Running' } }) });
    if (this.#pod === 'running') return pod;
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T12:00:00Z' } };
  }

  // --- the kubelet, and the DaemonSet controller ---

  #kubelet(): void {
    const { kept } = this.#site;
    const isWanted = LABELS[this.claim.labels].machine === 'lathe' || kept.includes(this.name);
    const before = `${this.#pod}${String(this.#isPodReady)}`;
    if (isWanted && this.#pod === 'none' && this.hasDevice) this.#pod = 'running';
    else if (!isWanted && this.#pod === 'running') this.#pod = 'ending';
    else if (this.#pod === 'ending' && this.isHeard) {
      this.standby.endProgram();
      this.#pod = 'none';
    }
    if (this.#isOn) this.#program();
    if (this.isHeard || this.#pod === 'none') this.#isPodReady = this.standby.program !== undefined;
    if (before !== `${this.#pod}${String(this.#isPodReady)}`) this.#site.changed();
  }

  #program(): void {
    const { dice } = this.#site;
    if (this.#pod !== 'running') return;
    if (!this.hasDevice && this.#endsWithoutDevice) this.standby.endProgram();
    else if (this.standby.program === undefined && this.hasDevice && dice.oneIn(2)) {
      this.#starts += 1;
      this.standby.program = new Program(this.#starts);
    }
  }

  #reset(): void {
    this.#hungUntilMs = Number.NEGATIVE_INFINITY;
    const { hasLink } = this.standby;
    this.cutPower();
    this.#isOn = true;
    this.standby.hasLink = hasLink;
  }
}

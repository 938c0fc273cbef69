import type { InformerChange } from '../../../../k8s/client/kube-client.ts';
import {
  CANDIDATES_ANNOTATION,
  holderOf,
  type Lease,
  TAKEOVER_BY_ANNOTATION,
  candidatesOf,
  epochOf,
} from '../../../../k8s/core/sensor-service/lease.ts';
import type { ServicePlan } from '../../../../k8s/core/sensor-service/planner.ts';
import type { SensorService } from '../../../../k8s/core/sensor-service/sensor-service.ts';
import { sharesUnits } from '../../../../k8s/core/sensor-service/similar-nodes.ts';
import { type DaemonSet, keptNodesOf, wantedVersion } from '../../../../k8s/core/sensor-service/workload.ts';
import { Dice } from '../../../support/seeded.ts';
import { BROKER, NOW } from '../../../support/sensor-service/service-world.ts';
import { SENSOR, serviceOf } from '../../../support/sensor-service/services.ts';
import { Board } from './board.ts';
import { Controller, type Desk } from './controller.ts';
import { Judge } from './judge.ts';
import { LeaseStore } from './lease-store.ts';
import { type Claim, type Defects, type Name, NAMES, type Policy, ROUND_MS, type Site } from './site.ts';

/** How a schedule starts. */
export type Start = Readonly<Record<Name, { claim: Claim; isPresent: boolean }>>;

/** One site: boards, the API server's objects, a controller that may die, and the judge. */
export class World implements Site, Desk {
  readonly policy: Policy;
  readonly defects: Defects;
  readonly store: LeaseStore;
  readonly boards: readonly Board[];
  readonly judge: Judge;
  readonly history: string[] = [];
  /** Writes of the controller to Leases and to the DaemonSet. */
  writes = 0;
  dice = new Dice(1);
  nowMs = NOW;
  kept: readonly string[] = [];
  #service: SensorService;
  /** The version of the pods; nothing in the service is edited. */
  readonly #version: string;
  #daemonSet: DaemonSet | undefined;
  #controller: Controller;

  constructor(policy: Policy, start: Start, defects: Defects = {}) {
    this.policy = policy;
    this.defects = defects;
    const { takeover, fencing, onControlPlaneLoss } = policy;
    const failover = { takeover, fencing, onControlPlaneLoss };
    this.#service = serviceOf('lathe', SENSOR, { devices: [{ name: 'bus', path: '/dev/ttyUSB0' }], failover });
    this.#service.metadata.uid = 'uid-lathe';
    this.#version = wantedVersion(this.#service, BROKER);
    this.store = new LeaseStore((change) => this.#controllerHears(change));
    this.boards = NAMES.map((name) => new Board(this, name, start[name]));
    this.judge = new Judge({
      boards: this.boards,
      policy,
      isShared: sharesUnits(this.#service.spec),
      now: () => this.nowMs,
    });
    this.#controller = new Controller(this, this.nowMs);
  }

  board(name: Name): Board {
    const board = this.boards.find((one) => one.name === name);
    if (board === undefined) throw new TypeError(`no board ${name}`);
    return board;
  }

  /** In a round everybody gets a turn, the controller first. It may die in the middle of its writes. */
  rounds(count: number, diesOneIn?: number): void {
    for (let left = count; left > 0; left -= 1) this.#round(diesOneIn);
  }

  /** The controller is off for so long in which nothing else happens, and starts anew. */
  sleepController(ms: number): void {
    this.#controller = new Controller(this, this.#controller.nowMs + ms);
  }

  get sleepsOver(): boolean {
    return this.#controller.sleepsOver;
  }

  /** What the controller would write now. */
  plan(): ServicePlan {
    return this.#controller.plan();
  }

  /** A person looks after each Lease whose holder does not act, and vouches for that where it is so. */
  vouch(): void {
    for (const lease of this.store.list()) {
      const { name } = lease.metadata;
      const holder = this.boards.find((board) => board.name === holderOf(lease));
      const acts = this.judge.acting().filter(({ node }) => node === holder?.name);
      const isOff = holder?.isHeard === true ? acts.every(({ leaseName }) => leaseName !== name) : acts.length === 0;
      const to = candidatesOf(lease).find((one) => this.boards.some((board) => board.name === one && board.isFit));
      if (holder === undefined || !isOff || to === undefined) continue;
      this.told(`a person vouches for ${holder.name} in ${name}: ${to} takes over`);
      this.store.annotate(lease, { [TAKEOVER_BY_ANNOTATION]: `${to}@${epochOf(lease)}` });
    }
  }

  edit(name: Name, change: Partial<Claim>): void {
    const board = this.board(name);
    const claim = { ...board.claim, ...change };
    if (claim.labels === board.claim.labels && String(claim.pair) === String(board.claim.pair)) return;
    this.#edited();
    board.claim = claim;
    this.changed();
  }

  /** A board's Node comes, or goes, alone or with its claim. */
  move(name: Name, what: 'leave' | 'unclaim' | 'join'): void {
    const board = this.board(name);
    if (board.isPresent === (what === 'join') && what !== 'unclaim') return;
    this.#edited();
    if (what === 'join') board.join();
    else board.leave(what === 'leave');
  }

  heal(): void {
    this.told('all is healed');
    for (const board of this.boards) {
      board.comeBack();
      board.plug();
    }
    this.changed();
  }

  /** What people say of the site is about to change. */
  #edited(): void {
    this.judge.edited(new Map(this.store.list().map((lease) => [lease.metadata.name, candidatesOf(lease)])));
  }

  // --- what boards see ---

  changed(): void {
    this.#controller.changed();
  }

  begun(node: Name, lease: Lease, epoch: number): void {
    this.told(`${node} acts by ${lease.metadata.name}@${epoch}`);
    this.judge.begun(node, lease, epoch);
  }

  told(what: string): void {
    this.history.push(what);
  }

  // --- what the controller sees ---

  world(): ReturnType<Desk['world']> {
    const service = this.#service;
    return {
      service,
      nodes: this.boards.filter(({ isPresent }) => isPresent).map((board) => board.nodeObject(service)),
      claims: this.boards.filter(({ isClaimed }) => isClaimed).map((board) => board.claimObject()),
      pods: this.boards.flatMap((board) => board.podObject(service, this.#version) ?? []),
      daemonSet: this.#daemonSet,
      brokerUrl: BROKER,
    };
  }

  leases(): Lease[] {
    return this.store.list();
  }

  writeLease(write: ServicePlan['leases'][number]): void {
    this.writes += 1;
    const { name, annotations = {} } = write.lease.metadata;
    const wanted = write.verb === 'create' ? annotations : write.annotations;
    const candidates = wanted[CANDIDATES_ANNOTATION];
    if (candidates !== undefined) this.told(`${write.verb} ${name} ${String(candidates)}`);
    if (write.verb === 'annotate' && candidates === '[]') this.judge.closed(name);
    if (write.verb === 'create') this.store.create(write.lease);
    else this.store.annotate(write.lease, write.annotations);
  }

  writeRest({ daemonSet, status }: ServicePlan): boolean {
    const isNew = JSON.stringify(daemonSet) !== JSON.stringify(this.#daemonSet);
    const isTold = JSON.stringify(status) !== JSON.stringify(this.#service.status);
    if (isNew) this.writes += 1;
    this.#daemonSet = daemonSet;
    this.kept = keptNodesOf(daemonSet);
    this.#service = { ...this.#service, status };
    return isNew || isTold;
  }

  between(): void {
    if (this.dice.oneIn(3)) this.dice.pick(this.boards).turn();
  }

  #round(diesOneIn: number | undefined): void {
    const dies = diesOneIn !== undefined && this.dice.oneIn(diesOneIn);
    const done = this.#controller.turn(dies ? this.dice.below(4) : undefined);
    if (done === 'died') {
      this.told('the controller dies');
      this.#controller = new Controller(this, this.#controller.nowMs);
    } else if (done !== undefined) this.judge.planned(done.placement);
    this.nowMs += ROUND_MS;
    this.#controller.advance(ROUND_MS);
    for (const board of this.boards) {
      board.turn();
      board.notice();
    }
    this.judge.acting();
  }

  #controllerHears(change: InformerChange<Lease>): void {
    if (this.defects.missesLeases === true) return;
    this.#controller.take(change);
  }
}

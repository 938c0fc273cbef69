import { UsherError } from '../../../foundation/errors.ts';
import {
  DEVICE,
  DEVICE_CLAIM,
  NODE,
  RETRY_ANNOTATION,
  SECRET,
  type Decision,
  type DeviceClaimSpec,
  type JoinState,
} from '../../../k8s/core/resources.ts';
import { POD } from '../../../k8s/core/pods.ts';
import type { FakeCall } from '../../support/fake-kube.ts';
import { Board } from './board.ts';
import { JoinSite, LABELS, MIN_MS, settle } from './join-site.ts';
import type { Death, Process } from './mortal.ts';

const MOMENT_MS = 1000;
/** Longest that anything of a walk may take, in moments. */
const PATIENCE = 60;

/** What goes wrong in a walk: the appliance dies, or the API server is away, around the nth write since the walk began. */
export interface Trouble {
  readonly death?: Death;
  readonly outage?: Death;
}

/**
 * One device on its way, led by hand, on a site whose appliance is started anew whenever it has died. Writes are counted
 * over all processes together.
 */
export class Walk {
  readonly site: JoinSite;
  readonly board: Board;
  /** A second board that takes the first one's place, once there is one. */
  newcomer: Board | undefined;
  readonly #trouble: Trouble;
  readonly #processes: Process[] = [];

  static async begin(trouble: Trouble): Promise<Walk> {
    const walk = new Walk(await JoinSite.create({ started: false }), trouble);
    await walk.start();
    return walk;
  }

  private constructor(site: JoinSite, trouble: Trouble) {
    this.site = site;
    this.#trouble = trouble;
    this.board = new Board(site, 's1', 'lathe-left');
  }

  /** Writes and other effects of all appliances so far. */
  get writes(): number {
    return this.#processes.reduce((sum, { writes }) => sum + writes, 0);
  }

  /** Whether the trouble came. */
  get isTroubled(): boolean {
    const at = (this.#trouble.death ?? this.#trouble.outage)?.write ?? 0;
    return this.writes >= at && (this.#trouble.death === undefined || this.#processes.some(({ isDead }) => isDead));
  }

  async start(): Promise<void> {
    const later = (death: Death | undefined): Death | undefined =>
      death === undefined || death.write <= this.writes ? undefined : { ...death, write: death.write - this.writes };
    this.#processes.push(await this.site.start(later(this.#trouble.death), later(this.#trouble.outage)));
  }

  /** Stops the appliance between two writes and starts it anew. */
  async restart(): Promise<void> {
    this.site.kill();
    await this.start();
  }

  async moment(ms: number = MOMENT_MS): Promise<void> {
    if (!this.site.isUp()) await this.start();
    await this.board.live();
    await this.newcomer?.live();
    if (!this.site.isUp()) await this.start();
    await this.site.pass(ms);
  }

  /** Lets moments pass until it is so. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let left = PATIENCE; !(await isSo()); left -= 1) {
      if (left === 0) throw new UsherError('TIMED_OUT', { what: 'a walk', limitMs: PATIENCE * MOMENT_MS });
      await this.moment();
    }
  }

  async untilState(state: JoinState): Promise<void> {
    await this.until(async () => (await this.state()) === state);
  }

  async state(): Promise<string | undefined> {
    const device = await this.site.kube.get(DEVICE, { name: this.board.id });
    return device?.status?.join?.state;
  }

  claim(spec: Partial<DeviceClaimSpec> = {}): Promise<unknown> {
    return this.site.claim('lathe-left', { match: { serial: 's1' }, labels: LABELS, ...spec });
  }

  async unclaim(): Promise<void> {
    await this.site.kube.delete(DEVICE_CLAIM, { name: 'lathe-left' });
  }

  async changeClaim(spec: Partial<DeviceClaimSpec>): Promise<void> {
    await this.site.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec });
  }

  async decide(decision: Decision): Promise<void> {
    await this.site.kube.mergePatch(DEVICE, { name: this.board.id }, { spec: { decision } });
  }

  async retry(): Promise<void> {
    const at = new Date(this.site.clock.nowMs()).toISOString();
    await this.site.kube.mergePatch(
      DEVICE,
      { name: this.board.id },
      { metadata: { annotations: { [RETRY_ANNOTATION]: at } } },
    );
  }

  /** A second board says hello. */
  async meetNewcomer(): Promise<Board> {
    const newcomer = (this.newcomer ??= new Board(this.site, 's9'));
    await this.until(async () => (await this.site.kube.get(DEVICE, { name: newcomer.id }))?.status !== undefined);
    return newcomer;
  }

  /** An operator's word that another board takes this one's place. */
  async replace(): Promise<void> {
    const newcomer = await this.meetNewcomer();
    this.open();
    const spec = { match: { device: newcomer.id }, replaces: this.board.id };
    if ((await this.site.claimNamed('lathe-left')) === undefined) await this.claim(spec);
    // In a merge patch null takes a field away.
    else await this.changeClaim({ ...spec, match: { serial: null, ...spec.match } as object });
    await this.untilState('replaced');
  }

  async takeReplacementBack(): Promise<void> {
    await this.site.kube.mergePatch(DEVICE_CLAIM, { name: 'lathe-left' }, { spec: { replaces: null } });
    await this.moment();
  }

  /** A pod on the node that does not leave it until {@link letPodGo}. */
  async holdPod(): Promise<void> {
    const metadata = { name: 'sensor', namespace: 'default' };
    await this.site.kube.create(POD, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'lathe-left' } });
    this.site.kube.podsKeptByBudget.add('sensor');
  }

  letPodGo(): void {
    this.site.kube.podsKeptByBudget.clear();
  }

  async deleteNode(): Promise<void> {
    await this.site.kube.delete(NODE, { name: 'lathe-left' });
    await this.#collectPassword();
  }

  /** As k3s' garbage collection does with what the Node owned. */
  async #collectPassword(): Promise<void> {
    const [password] = await this.site.passwords();
    if (password?.metadata.ownerReferences !== undefined)
      await this.site.kube.delete(SECRET, { name: password.metadata.name, namespace: 'kube-system' });
  }

  /** The API server fails these requests until {@link open}. */
  shut(
    isMeant: (call: FakeCall) => boolean | Promise<boolean>,
    code: 'KUBE_UNREACHABLE' | 'KUBE_FORBIDDEN' = 'KUBE_UNREACHABLE',
  ): void {
    this.site.kube.before = async (call) => {
      if (await isMeant(call)) throw new UsherError(code, { kind: call.kind, name: call.name, detail: 'shut' });
    };
  }

  open(): void {
    this.site.kube.before = () => undefined;
  }

  /** Nothing is held back any more; what can go on does so to its end. */
  async calm(): Promise<void> {
    this.open();
    this.letPodGo();
    const { board } = this;
    board.asks = board.joins = board.isReady = board.calls = true;
    if (this.newcomer !== undefined) this.newcomer.asks = true;
    for (let i = 0; i < 30; i += 1) await this.moment();
    for (let i = 0; i < 5; i += 1) await this.moment(MIN_MS);
    await settle();
  }

  /** All that must be the same at the end, however often anything was killed. */
  async end() {
    const { site } = this;
    const devices = await site.kube.list(DEVICE);
    const nodes = await site.kube.list(NODE);
    return {
      devices: devices.map(({ metadata, spec, status }) => ({
        id: metadata.name,
        decision: spec.decision,
        state: status?.join?.state,
        attempt: status?.join?.attempt,
        phase: status?.phase,
        failure: status?.failure?.code,
        claim: status?.claimRef?.name,
        node: status?.nodeRef?.name,
        hasItsNode: nodes.some(({ metadata: { uid } }) => uid === status?.nodeRef?.uid),
        conditions: status?.conditions?.map(({ type, status: value }) => `${type} ${value}`),
      })),
      claims: (await site.kube.list(DEVICE_CLAIM)).map(({ metadata, status }) => [metadata.name, status?.phase]),
      nodes: nodes.map(({ metadata: { name, labels } }) => ({ name, labels })),
      ticketsMade: site.ticketsMade().size,
      tokens: await site.tokens(),
      names: await site.listedNames(),
      passwords: (await site.passwords()).length,
      handlerErrors: site.kube.handlerErrors,
    };
  }
}

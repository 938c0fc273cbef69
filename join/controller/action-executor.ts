import { sleep, type Clock } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Informer } from '../../k8s/client/kube-client.ts';
import type { Device, DeviceClaim, Node, ObjectRef, PersistedJoin } from '../../k8s/core/resources.ts';
import type { ActionName, ActionParams, JoinAction, ShownError, TicketNumber } from '../core/actions.ts';
import { LIMITS_MS, type JoinEvent } from '../core/chart.ts';
import { ticketExpiryMs } from '../core/step.ts';
import type { TicketPlan } from '../core/ticket.ts';
import type { DeviceStore } from './device-store.ts';
import type { EventSink, NodeLabels } from './ports.ts';
import { ticketFailure, type TicketOffice } from './ticket-office.ts';

/** For whom actions are done. */
export interface Subject {
  readonly device: Device;
  readonly ref: ObjectRef;
  readonly join: PersistedJoin;
  readonly claim: DeviceClaim | undefined;
  readonly node: Node | undefined;
}

/** What came of a round of actions: the event that tells the chart, and whether some must be done again. */
export interface Outcome {
  readonly event: JoinEvent | undefined;
  readonly failed: UsherError | undefined;
  /** Pods that were leaving the Node that is to go. */
  readonly podsLeaving: number;
}

export interface ActionExecutorOptions {
  readonly store: DeviceStore;
  readonly nodes: Informer<Node>;
  readonly office: TicketOffice;
  readonly labels: NodeLabels;
  readonly events: EventSink;
  readonly clock: Clock;
}

type Executors = {
  [Name in Exclude<ActionName, 'releaseNode'>]: (params: ActionParams[Name], subject: Subject) => Promise<void>;
};

const MAKING: ReadonlySet<ActionName> = new Set(['makeNodePassword', 'listName', 'makeBootstrapToken']);
/** Longest that a round of actions may take before it counts as failed and is done again later. */
const ROUND_LIMIT_MS = 30_000;
const UNREACHABLE_PAUSE_MS = 500;

/** Does what the chart asked for. */
export class ActionExecutor {
  readonly #options: ActionExecutorOptions;
  readonly #executors: Executors;
  /** Removals that are under way, by node name: what another device is given under that name is made after them. */
  readonly #removals = new Map<string, Promise<unknown>>();

  constructor(options: ActionExecutorOptions) {
    this.#options = options;
    const { office, labels, nodes, store, events } = options;
    this.#executors = {
      makeNodePassword: async (ticket, subject) => {
        await this.#removals.get(ticket.nodeName);
        await office.makeNodePassword(planOf(ticket, subject));
      },
      listName: async (ticket, subject) => {
        await this.#removals.get(ticket.nodeName);
        await office.listName(planOf(ticket, subject));
      },
      makeBootstrapToken: (ticket, subject) => office.makeBootstrapToken(planOf(ticket, subject)),
      burnTicket: ({ attempt }, { ref }) => office.burn({ device: ref, attempt }),
      unlistName: ({ nodeName }, { ref }) =>
        this.#removing(nodeName, async () => {
          // A late clean-up must leave alone what another device is being given.
          if (!store.hasTicketOut({ nodeName }, ref.name)) await office.unlistName(nodeName);
        }),
      removeNodePassword: ({ nodeName }, { ref }) =>
        this.#removing(nodeName, async () => {
          const isInUse = nodes.get(nodeName) !== undefined || store.hasTicketOut({ nodeName }, ref.name);
          if (!isInUse) await office.removeNodePassword(nodeName);
        }),
      applyLabels: async (_, { node, ref, claim }) => {
        // A retained Node has no claim to follow.
        if (node !== undefined && claim !== undefined) await labels.apply(node, ref.name, claim);
      },
      forgetDevice: (_, { device }) => store.remove(device),
      emitEvent: (story, { device }) => events.record(device, { ...story, action: 'Join' }),
    };
  }

  /**
   * Does the actions one after the other, up to the first that fails: their order is what makes a half-done round safe to
   * leave. Says what the chart must hear of it; never throws.
   */
  async run(actions: readonly JoinAction[], subject: Subject): Promise<Outcome> {
    const isMaking = actions.some(({ name }) => MAKING.has(name));
    const { deadline } = subject.join;
    const { clock } = this.#options;
    const leftMs = deadline === undefined ? LIMITS_MS.ticketing : Date.parse(deadline) - clock.nowMs();
    const limitMs = isMaking ? Math.min(Math.max(0, leftMs), LIMITS_MS.ticketing) : ROUND_LIMIT_MS;
    let current: JoinAction | undefined;
    let podsLeaving = 0;
    const round = async (isLate: () => boolean): Promise<void> => {
      for (const action of actions) {
        // A round that was given up does nothing more, even when the API server answers in the end.
        if (isLate()) return;
        current = action;
        podsLeaving += await this.#do(action, subject);
      }
    };
    const error = await this.#within(limitMs, isMaking ? (isLate) => this.#patiently(round, isLate) : round);
    // Making sure of a ticket that is out already changes no state, whatever comes of it.
    if (isMaking && subject.join.state === 'ticketing')
      return { event: ticketEvent(error), failed: undefined, podsLeaving };
    if (error === undefined) return { event: undefined, failed: undefined, podsLeaving };
    // Away is not refused: that is tried again sooner than labels which the API server does not take.
    if (current?.name !== 'applyLabels' || error.code === 'KUBE_UNREACHABLE')
      return { event: undefined, failed: error, podsLeaving };
    const { nodeName } = current.params;
    const isTold = error.code === 'NODE_LABELS_FAILED';
    const params = isTold ? error.params : { nodeName, detail: error.message };
    const event: JoinEvent = { type: 'LABELS_FAILED', error: { code: 'NODE_LABELS_FAILED', params } };
    return { event, failed: undefined, podsLeaving };
  }

  async #removing(nodeName: string, remove: () => Promise<void>): Promise<void> {
    const removal = remove();
    const all = Promise.allSettled([this.#removals.get(nodeName), removal]);
    this.#removals.set(nodeName, all);
    try {
      await removal;
    } finally {
      if (this.#removals.get(nodeName) === all) this.#removals.delete(nodeName);
    }
  }

  /** @returns pods that are still leaving the Node that is to go */
  async #do({ name, params }: JoinAction, subject: Subject): Promise<number> {
    if (name === 'releaseNode')
      return subject.node === undefined ? 0 : (await this.#options.labels.release(subject.node)).left;
    // The action's name and its params come as one, so they fit.
    const execute = this.#executors[name] as (params: unknown, subject: Subject) => Promise<void>;
    await execute(params, subject);
    return 0;
  }

  /** A device waits for its ticket: while the API server is away, making it is tried again and again. */
  async #patiently(round: (isLate: () => boolean) => Promise<void>, isLate: () => boolean): Promise<void> {
    for (;;) {
      try {
        await round(isLate);
        return;
      } catch (error) {
        if (!isUsherError(error, 'KUBE_UNREACHABLE') || isLate()) throw error;
        await sleep(this.#options.clock, UNREACHABLE_PAUSE_MS);
      }
    }
  }

  /** The error with which the work ended, if it did; TIMED_OUT when it took too long. */
  async #within(limitMs: number, work: (isLate: () => boolean) => Promise<void>): Promise<UsherError | undefined> {
    let isLate = false;
    let cancel = (): void => undefined;
    const late = new Promise<UsherError>((resolve) => {
      cancel = this.#options.clock.after(limitMs, () => {
        isLate = true;
        resolve(new UsherError('TIMED_OUT', { what: 'A step of the join', limitMs }));
      });
    });
    const done = work(() => isLate).then(() => undefined, asUsherError);
    try {
      return await Promise.race([done, late]);
    } finally {
      cancel();
    }
  }
}

/** The ticket that a device in `ticketing` or `joining` has. */
export function planOf({ nodeName, attempt }: TicketNumber, { ref, join }: Pick<Subject, 'ref' | 'join'>): TicketPlan {
  return { device: ref, nodeName, attempt, expiresAtMs: ticketExpiryMs(join) };
}

function ticketEvent(error: UsherError | undefined): JoinEvent {
  if (error === undefined) return { type: 'TICKET_MADE' };
  if (error.code === 'TIMED_OUT') return { type: 'DEADLINE' };
  return { type: 'TICKET_FAILED', error: shown(ticketFailure(error)) };
}

function shown({ code, params }: UsherError): ShownError {
  return { code, params };
}

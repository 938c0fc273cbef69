import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import type { Informer, KubeClient } from '../../k8s/client/kube-client.ts';
import type { Device, DeviceClaim, Node } from '../../k8s/core/resources.ts';
import { hashNodePassword } from '../../k8s/node-password.ts';
import type { RetiredNames } from '../../k8s/retired-names.ts';
import type { ApprovalRules } from '../core/approval-rule.ts';
import type { EnrolTokens } from '../core/ports.ts';
import { ActionExecutor } from './action-executor.ts';
import { ApprovalRuleStore } from './approval-rule-store.ts';
import { ClaimBinder } from './claim-binder.ts';
import { DevicePlanner, refOf } from './device-planner.ts';
import { DeviceReconciler } from './device-reconciler.ts';
import { DeviceStore } from './device-store.ts';
import { JoinController } from './join-controller.ts';
import { kubeNodeLabels } from './kube-node-labels.ts';
import { kubeTicketObjects } from './kube-ticket-objects.ts';
import type { EventSink } from './ports.ts';
import type { TicketKey } from './ticket-key.ts';
import { RevokedTokens } from './revoked-tokens.ts';
import { RuleBinder } from './rule-binder.ts';
import { TicketOffice, type TicketOfficeOptions } from './ticket-office.ts';

export interface JoinOptions extends Pick<TicketOfficeOptions, 'clusterCaHash' | 'serverUrl'> {
  readonly kube: KubeClient;
  readonly devices: Informer<Device>;
  readonly claims: Informer<DeviceClaim>;
  readonly nodes: Informer<Node>;
  /** From {@link loadOrCreateTicketKey}. */
  readonly ticketKey: TicketKey;
  readonly events: EventSink;
  /** Hears of what a person must judge. */
  readonly alarms?: Pick<AlarmBook, 'raise'>;
  /** Enrol tokens: revoking one withdraws the evidence that rests on it. */
  readonly tokens?: Pick<EnrolTokens, 'list' | 'onRevoked'>;
  /** Node names that are never handed out. */
  readonly retiredNames?: RetiredNames;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The hash of a node password as k3s reads it; tests put their own here. */
  readonly hashPassword?: TicketOfficeOptions['hashPassword'];
}

/** The running join part. */
export interface Join {
  readonly controller: JoinController;
  /** Rules that claim devices of a batch by themselves. */
  readonly rules: ApprovalRules;
  /** Waits for the caches, sweeps leftovers, and takes up every device where it stands. */
  start(): Promise<void>;
  /** Whether `hash` is k3s' hash of a node password that Usher gave out for this name with one of the last tickets. */
  isOfTicket(nodeName: string, hash: string): Promise<boolean>;
  /** Ends after the steps that are being done now. The informers are the caller's to stop. */
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 60_000;

/** Puts binder, planner, executor and controller together. Nothing runs before `start`. */
export function createJoin(options: JoinOptions): Join {
  const { kube, devices, claims, nodes, events, clock, logger } = options;
  const store = new DeviceStore({ kube, devices });
  const labels = kubeNodeLabels(kube, clock);
  const isOfTicket = async (nodeName: string, hash: string): Promise<boolean> => {
    for (const device of store.list()) {
      const { join } = device.status ?? {};
      if (join === undefined || join.nodeName !== nodeName) continue;
      if ((await office.attemptOf({ device: refOf(device), attempt: join.attempt }, hash)) !== undefined) return true;
    }
    return false;
  };
  const office = new TicketOffice({
    key: options.ticketKey,
    objects: kubeTicketObjects(kube, isOfTicket),
    clusterCaHash: options.clusterCaHash,
    serverUrl: options.serverUrl,
    hashPassword: options.hashPassword ?? hashNodePassword,
  });
  const retired = options.retiredNames === undefined ? {} : { retiredNames: options.retiredNames };
  const binder = new ClaimBinder({ kube, store, claims, nodes, labels, events, ...retired, clock, logger });
  const planner = new DevicePlanner({ nodes, store, binder, labels });
  const executor = new ActionExecutor({ store, nodes, office, labels, events, clock });
  const { tokens } = options;
  const revokedTokens = new RevokedTokens({ ...(tokens === undefined ? {} : { tokens }), clock, logger });
  const alarms = options.alarms === undefined ? {} : { alarms: options.alarms };
  const parts = { store, nodes, binder, planner, executor, revokedTokens, events, ...alarms, clock, logger };
  const reconciler = new DeviceReconciler(parts);
  const controller = new JoinController({ store, binder, reconciler, office, ...alarms, clock, logger });
  const sweeper = new Sweeper({ store, office, clock, logger });
  const ruleStore = new ApprovalRuleStore({ kube, logger });
  const rules = new RuleBinder({ kube, rules: ruleStore, store, binder, claims, nodes, events, clock, logger });
  return {
    controller,
    rules,
    start: async () => {
      await Promise.all([devices.synced(), claims.synced(), nodes.synced(), ruleStore.synced()]);
      await revokedTokens.start();
      binder.start();
      reconciler.start();
      rules.start();
      await sweeper.start();
    },
    isOfTicket,
    stop: async () => {
      sweeper.stop();
      revokedTokens.stop();
      await Promise.all([reconciler.stop(), binder.stop(), rules.stop(), ruleStore.stop()]);
    },
  };
}

/** Removes what crashed joins left behind: at the start, and now and then for answers that came too late. */
class Sweeper {
  readonly #options: { store: DeviceStore; office: TicketOffice; clock: Clock; logger: Logger };
  #isStopped = false;

  constructor(options: { store: DeviceStore; office: TicketOffice; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#isStopped) return;
    const { office, logger, clock, store } = this.#options;
    try {
      const swept = await office.sweep((entry) => store.hasTicketOut(entry));
      if (swept.length > 0) logger.info({ names: swept }, 'swept left-over tickets');
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'left-over tickets could not be swept');
    }
    clock.after(SWEEP_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#isStopped = true;
  }
}

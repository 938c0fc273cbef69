import { isDeepStrictEqual } from 'node:util';
import { toRfc3339, type Clock } from '../../foundation/clock.ts';
import { UsherError, type ErrorBody } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { AlarmBook } from '../../k8s/alarms.ts';
import {
  RETRY_ANNOTATION,
  type Decision,
  type Device,
  type DeviceEvidence,
  type JoinState,
} from '../../k8s/core/resources.ts';
import {
  type CheckedIn,
  checkedInHardware,
  hardwareChange,
  keptEvidence,
  keptHardware,
  recordedHardware,
} from '../core/admission.ts';
import type { ShownError } from '../core/actions.ts';
import { enrolStateOf, refusalOf, waitReasonOf } from '../core/device-status.ts';
import type { Candidate, JoinDesk, ProvenDevice, Ticket } from '../core/ports.ts';
import { reportedFault } from '../core/reported-fault.ts';
import { holdsPlace, knownState } from '../core/step.ts';
import { WaitingLine } from '../core/waiting-line.ts';
import { NO_FAULT, type CheckInReply, type DeviceReport, type EnrolStatus } from '../protocol/messages.ts';
import { planOf } from './action-executor.ts';
import type { ClaimBinder } from './claim-binder.ts';
import { refOf } from './device-planner.ts';
import type { DeviceReconciler } from './device-reconciler.ts';
import type { DeviceStore } from './device-store.ts';
import type { TicketOffice } from './ticket-office.ts';

export interface JoinControllerOptions {
  readonly store: DeviceStore;
  readonly binder: ClaimBinder;
  readonly reconciler: DeviceReconciler;
  readonly office: TicketOffice;
  /** Hears of what a person must judge. */
  readonly alarms?: Pick<AlarmBook, 'raise'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Devices that may be joining at the same time. */
const PLACES = 8;

const ORDERS: Readonly<Record<JoinState, CheckInReply['order']>> = {
  // Its node is gone, or it never got one: it is to go through enrolment again, which waits where it has to.
  pending: 'rejoin',
  approved: 'rejoin',
  failed: 'rejoin',
  ticketing: 'stay',
  joining: 'stay',
  labelling: 'stay',
  ready: 'stay',
  quarantined: 'stay',
  ignored: 'stay',
  rejected: 'stop',
  revoked: 'stop',
  replaced: 'stop',
};

/** The join controller as the enrol server and the operators' API see it. It alone writes Device.status. */
export class JoinController implements JoinDesk {
  readonly #options: JoinControllerOptions;
  /** Devices that were given a place whose state is not written yet. */
  readonly #takingPlace = new Set<string>();
  readonly #line = new WaitingLine();

  constructor(options: JoinControllerOptions) {
    this.#options = options;
  }

  isAdmitted(deviceId: string): boolean {
    return this.#options.store.get(deviceId) !== undefined;
  }

  replacedBy(deviceId: string): string[] {
    return this.#options.binder.replacedBy(deviceId);
  }

  claimsKey(keyFingerprint: string): boolean {
    return this.#options.binder.claimsKey(keyFingerprint);
  }

  async admit(proven: ProvenDevice, evidence: DeviceEvidence): Promise<void> {
    const { store, reconciler } = this.#options;
    const { deviceId, publicKeyPem } = proven;
    const seen = recordedHardware(proven.hello.hw);
    reconciler.heardOf(deviceId);
    await reconciler.run(deviceId, async () => {
      const known = store.get(deviceId);
      if (known === undefined) {
        await store.create(newDevice(deviceId, { publicKey: publicKeyPem, evidence, decision: 'Undecided' }), seen);
        throwIfFailed(await reconciler.advance(deviceId, { hardware: seen }));
        return;
      }
      const kept = keptEvidence(known.spec.evidence, evidence);
      if (kept !== known.spec.evidence)
        await store.patch(deviceId, {
          spec: { evidence: { tokenId: null, withdrawnAt: null, codeFingerprint: null, ...kept } },
        });
      const change = hardwareChange(known.status?.hardware, seen);
      const hardware = keptHardware(known.status?.hardware, seen);
      if (change !== undefined) {
        await this.#raise(known, change);
        await reconciler.advance(deviceId, { event: { type: 'HARDWARE_CHANGED', error: change }, otherBoard: seen });
      } else if (!isDeepStrictEqual(known.status?.hardware, hardware)) await reconciler.advance(deviceId, { hardware });
      else if (kept !== known.spec.evidence) await reconciler.advance(deviceId);
    });
  }

  statusOf(deviceId: string): Pick<EnrolStatus, 'state' | 'version' | 'reason' | 'nodeName'> {
    const { store, reconciler } = this.#options;
    const version = reconciler.versionOf(deviceId);
    const device = store.get(deviceId);
    if (device === undefined) return { state: 'pending', version };
    reconciler.heardOf(deviceId);
    const { failure, join, claimRef } = device.status ?? {};
    const reason: ErrorBody | undefined =
      failure === undefined
        ? waitReasonOf(device)
        : { code: failure.code, message: failure.message, remedy: failure.remedy };
    const nodeName = claimRef === undefined ? undefined : join?.nodeName;
    return {
      state: enrolStateOf(device),
      version,
      ...(reason === undefined ? {} : { reason }),
      ...(nodeName === undefined ? {} : { nodeName }),
    };
  }

  async requestTicket(deviceId: string): Promise<Ticket> {
    const { reconciler } = this.#options;
    reconciler.heardOf(deviceId);
    return await reconciler.run(deviceId, async () => {
      // Most that ask in a crowd find no place: that must cost next to nothing.
      if (this.#stateOf(deviceId) === 'approved' && !this.#hasPlaceFor(deviceId)) throw this.#queueFull();
      // The claim may have come or gone a moment ago.
      if (this.#stateOf(deviceId) !== 'joining') await reconciler.advance(deviceId);
      const failed = await this.#ask(deviceId);
      const device = this.#options.store.get(deviceId);
      const { join, failure } = device?.status ?? {};
      if (device === undefined || join?.state !== 'joining' || join.nodeName === undefined) {
        throw failed ?? refusalOf(this.#stateOf(deviceId), failure);
      }
      throwIfFailed(failed);
      const ref = refOf(device);
      return await this.#options.office.ticketOf(
        planOf({ nodeName: join.nodeName, attempt: join.attempt }, { ref, join }),
      );
    });
  }

  async joined(deviceId: string): Promise<void> {
    const { reconciler } = this.#options;
    reconciler.heardOf(deviceId);
    reconciler.enqueue(deviceId);
    return Promise.resolve();
  }

  async report(deviceId: string, report: DeviceReport): Promise<void> {
    const { reconciler } = this.#options;
    reconciler.heardOf(deviceId);
    const detail = report.detail === '' ? report.code : `${report.code}: ${report.detail}`;
    await reconciler.run(deviceId, async () => {
      if (report.code === NO_FAULT) await reconciler.advance(deviceId, { faultOver: true });
      else await reconciler.advance(deviceId, { event: { type: 'REPORTED', detail, error: reportedFault(report) } });
    });
  }

  checkIn(deviceId: string, checkIn: CheckedIn = {}): Promise<CheckInReply['order']> {
    const { reconciler, store } = this.#options;
    // Who is not known here may be known to a backup that is being restored: change nothing.
    if (!this.isAdmitted(deviceId)) return Promise.resolve('stay');
    reconciler.heardOf(deviceId);
    return reconciler.run(deviceId, async () => {
      const hardware = checkedInHardware(store.get(deviceId)?.status?.hardware, checkIn);
      await reconciler.advance(deviceId, hardware === undefined ? {} : { hardware });
      return ORDERS[this.#stateOf(deviceId)];
    });
  }

  onChange(handler: (deviceId: string) => void): () => void {
    const { reconciler, binder } = this.#options;
    // A device that is no object yet hears of a claim that names its key.
    const unsubscribe = [reconciler.onChange(handler), binder.onNamed(handler)];
    return () => {
      for (const end of unsubscribe) end();
    };
  }

  async #raise({ metadata, status }: Device, { code, params }: ShownError): Promise<void> {
    const nodeName = status?.nodeRef?.name;
    await this.#options.alarms?.raise({
      code,
      params,
      device: metadata.name,
      ...(nodeName === undefined ? {} : { nodeName }),
      occasion: String(params['actual'] ?? ''),
    });
  }

  /**
   * An operator's word. `Undecided` takes an earlier one back; `Retry` ends a failed wait or a quarantine. A device that
   * has shown no evidence is no object yet: with `candidate` it becomes one, so that the word can be kept.
   * @throws UsherError DEVICE_UNKNOWN
   */
  async decide(deviceId: string, decision: Decision | 'Retry', candidate?: Candidate): Promise<void> {
    const { store, reconciler, clock } = this.#options;
    await reconciler.run(deviceId, async () => {
      if (store.get(deviceId) === undefined) {
        if (candidate?.deviceId !== deviceId || decision === 'Retry')
          throw new UsherError('DEVICE_UNKNOWN', { id: deviceId });
        const { publicKeyPem, hello } = candidate;
        const hardware = recordedHardware(hello.hw);
        const spec: Device['spec'] = { publicKey: publicKeyPem, evidence: { kind: 'None' }, decision };
        await store.create(newDevice(deviceId, spec), hardware);
        await reconciler.advance(deviceId, { hardware });
        return;
      }
      const patch =
        decision === 'Retry'
          ? { metadata: { annotations: { [RETRY_ANNOTATION]: toRfc3339(clock.nowMs()) } } }
          : { spec: { decision } };
      await store.patch(deviceId, patch);
      await reconciler.advance(deviceId);
    });
  }

  /** Asks the chart for a ticket where that makes sense. Gives what kept it from being made. */
  async #ask(deviceId: string): Promise<UsherError | undefined> {
    const { reconciler, office, store } = this.#options;
    const device = store.get(deviceId);
    if (device === undefined) return new UsherError('NOT_APPROVED');
    switch (this.#stateOf(deviceId)) {
      case 'approved': {
        if (!this.#takePlace(deviceId)) return this.#queueFull();
        try {
          const attempt = (device.status?.join?.attempt ?? 0) + 1;
          const ticketId = office.idOf({ device: refOf(device), attempt });
          return await reconciler.advance(deviceId, { event: { type: 'ASKED', ticketId } });
        } finally {
          this.#takingPlace.delete(deviceId);
        }
      }
      case 'ticketing':
        return await reconciler.advance(deviceId, { event: { type: 'RESUME' } });
      case 'joining':
        return await reconciler.advance(deviceId, {
          event: { type: 'ASKED', ticketId: device.status?.join?.ticketId ?? '' },
        });
      case 'pending':
      case 'labelling':
      case 'ready':
      case 'failed':
      case 'quarantined':
      case 'rejected':
      case 'ignored':
      case 'revoked':
      case 'replaced':
        return undefined;
    }
  }

  #takePlace(deviceId: string): boolean {
    if (!this.#hasPlaceFor(deviceId)) return false;
    this.#takingPlace.add(deviceId);
    return true;
  }

  #hasPlaceFor(deviceId: string): boolean {
    const nowMs = this.#options.clock.nowMs();
    const taken = new Set(this.#takingPlace);
    for (const { metadata, status } of this.#options.store.withTicket()) {
      if (holdsPlace(status?.join, nowMs)) taken.add(metadata.name);
    }
    taken.delete(deviceId);
    return taken.size < PLACES;
  }

  #queueFull(): UsherError {
    return new UsherError('QUEUE_FULL', { retryAfterSec: this.#line.turnAway(this.#options.clock.nowMs()) });
  }

  #stateOf(deviceId: string): JoinState {
    const join = this.#options.store.get(deviceId)?.status?.join;
    return (join === undefined ? undefined : knownState(join)) ?? 'pending';
  }
}

function newDevice(deviceId: string, spec: Device['spec']): Device {
  return { apiVersion: 'usher.internal/v1alpha1', kind: 'Device', metadata: { name: deviceId }, spec };
}

function throwIfFailed(error: UsherError | undefined): void {
  if (error !== undefined) throw error;
}

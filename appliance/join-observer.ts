import type { ErrorCode } from '../foundation/error-catalogue.ts';
import { JOIN_STATES, type Device, type JoinState } from '../k8s/core/resources.ts';

/** States of a join that take time of their own; how long a device waits for its claim is up to people. */
const STEPS = ['approved', 'ticketing', 'joining', 'labelling'] as const satisfies readonly JoinState[];
export type JoinStep = (typeof STEPS)[number];

/** What a change of a device means for the figures. */
export interface JoinNews {
  /** Steps that ended, with their length in seconds; `whole` from the approval to Ready. */
  readonly steps: readonly { step: JoinStep | 'whole'; seconds: number }[];
  readonly failure?: ErrorCode;
  /** Its ticket is gone: used, burnt or expired. */
  readonly ticketBurnt: boolean;
}

interface Known {
  readonly state: JoinState | undefined;
  readonly sinceMs: number;
  /** When it was approved, while it joins. */
  readonly approvedMs: number | undefined;
  readonly ticketId: string | undefined;
  readonly failedAt: string | undefined;
}

const NOTHING: JoinNews = { steps: [], ticketBurnt: false };

/**
 * Turns changes of Devices into figures: lengths of steps, failures, burnt tickets. What was so already when it is first
 * seen counts as nothing, so that a restart of the appliance counts nothing twice.
 */
export class JoinObserver {
  readonly #known = new Map<string, Known>();

  changed(device: Device): JoinNews {
    const { name } = device.metadata;
    const before = this.#known.get(name);
    const now = knownOf(device, before);
    this.#known.set(name, now);
    if (before === undefined) return NOTHING;
    const { failure } = device.status ?? {};
    const isNewFailure = failure !== undefined && now.failedAt !== before.failedAt;
    return {
      steps: stepsBetween(before, now),
      ...(isNewFailure ? { failure: failure.code } : {}),
      ticketBurnt: before.ticketId !== undefined && before.ticketId !== now.ticketId,
    };
  }

  forget(device: Device): void {
    this.#known.delete(device.metadata.name);
  }
}

function knownOf({ status }: Device, before: Known | undefined): Known {
  const { join, failure } = status ?? {};
  const state = JOIN_STATES.find((each) => each === join?.state);
  const sinceMs = Date.parse(join?.since ?? '');
  const isJoining = state !== undefined && isStep(state);
  const approvedMs = state === 'approved' ? sinceMs : before?.approvedMs;
  return {
    state,
    sinceMs,
    approvedMs: isJoining ? approvedMs : undefined,
    ticketId: join?.ticketId,
    failedAt: failure === undefined ? undefined : `${failure.code} ${failure.since}`,
  };
}

function stepsBetween(before: Known, now: Known): JoinNews['steps'] {
  const { state } = before;
  if (state === undefined || state === now.state || !isStep(state)) return [];
  const steps: { step: JoinStep | 'whole'; seconds: number }[] = [];
  const add = (step: JoinStep | 'whole', fromMs: number | undefined): void => {
    const seconds = (now.sinceMs - (fromMs ?? Number.NaN)) / 1000;
    if (seconds >= 0) steps.push({ step, seconds });
  };
  add(state, before.sinceMs);
  if (now.state === 'ready') add('whole', before.approvedMs);
  return steps;
}

function isStep(state: JoinState): state is JoinStep {
  return STEPS.some((step) => step === state);
}

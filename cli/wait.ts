import type { ClaimView, DeviceView } from '../api/client/types.ts';
import { UsherError } from '../foundation/errors.ts';
import type { Context } from './context.ts';
import { safe } from './output.ts';

export const CLAIM_CONDITIONS = ['Bound', 'Joined', 'Ready'] as const;
export type AwaitedCondition = (typeof CLAIM_CONDITIONS)[number];

/**
 * Waits until the claim meets the condition, telling on the way what its device waits for.
 * @throws UsherError TIMED_OUT, CLAIM_UNKNOWN (deleted meanwhile), STOPPED (Ctrl-C)
 */
export async function waitForClaim(
  context: Context,
  claim: ClaimView,
  condition: AwaitedCondition,
  timeoutMs: number,
): Promise<ClaimView> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new UsherError('STOPPED'));
  process.once('SIGINT', onSignal);
  const what = `Waiting for claim ${claim.name} to be ${condition}`;
  const cancelTimer = context.clock.after(timeoutMs, () =>
    stop.abort(new UsherError('TIMED_OUT', { what, limitMs: timeoutMs })),
  );
  const tell = teller(context, claim.name);
  try {
    for await (const { event } of context.client().events(stop.signal)) {
      if (event.type === 'snapshot') event.devices.forEach(tell);
      if (event.type === 'device') tell(event.device);
      if (event.type === 'claim-removed' && event.name === claim.name) break;
      const newer = event.type === 'snapshot' ? event.claims : event.type === 'claim' ? [event.claim] : [];
      const found = newer.find((other) => other.name === claim.name);
      if (found !== undefined && meets(found, condition)) return found;
    }
  } finally {
    cancelTimer();
    process.off('SIGINT', onSignal);
  }
  stop.signal.throwIfAborted();
  throw new UsherError('CLAIM_UNKNOWN', { name: claim.name });
}

function meets(claim: ClaimView, condition: AwaitedCondition): boolean {
  return claim.conditions.some((other) => other.type === condition && other.status === 'True');
}

/** Says each new thing that the claim's device waits for, once. */
function teller(context: Context, claimName: string): (device: DeviceView) => void {
  let last = '';
  return (device) => {
    if (device.claim !== claimName) return;
    const text = `${device.stage}: ${device.failure?.message ?? device.waitsFor ?? ''}`;
    if (text !== last) context.say(`  ${safe(text, 300)}`);
    last = text;
  };
}

export type Position = 'open' | 'closed';

export interface GuardSettings {
  /** At this level and above the valve is to be closed … */
  readonly closeAtPercent: number;
  /** … until the level is below this again. */
  readonly openBelowPercent: number;
  /** A level older than this counts as high: nobody sees the tank. */
  readonly staleMs: number;
  /** So long an answer to a command may take before it is given again. */
  readonly repeatMs: number;
  /** An open valve is asked to stay open so often: it closes when nobody does. */
  readonly renewOpenMs: number;
}

/** What is known of one unit: its tank, its valve, and what was asked of the valve. */
export interface UnitView {
  readonly level?: { readonly percent: number; readonly epoch: number; readonly atMs: number };
  readonly valve?: { readonly position: Position; readonly epoch: number; readonly atMs: number };
  readonly wanted: Position;
  readonly asked?: { readonly position: Position; readonly epoch: number; readonly atMs: number };
}

/** Epochs begin anew when a service is made anew: an old high one counts no longer than this. */
const EPOCH_COUNTS_MS = 30_000;

export const UNKNOWN_UNIT: UnitView = { wanted: 'closed' };

/** A command for the holder of the valve's role in that epoch. */
export interface GuardCommand {
  readonly position: Position;
  readonly epoch: number;
}

/** A level was measured. */
export function withLevel(view: UnitView, percent: number, epoch: number, nowMs: number): UnitView {
  return isOlder(view.level, epoch, nowMs) ? view : { ...view, level: { percent, epoch, atMs: nowMs } };
}

/** The valve told where it stands. */
export function withValve(view: UnitView, position: Position, epoch: number, nowMs: number): UnitView {
  return isOlder(view.valve, epoch, nowMs) ? view : { ...view, valve: { position, epoch, atMs: nowMs } };
}

/** Whether a message comes from a node that is no longer active. */
function isOlder(known: { epoch: number; atMs: number } | undefined, epoch: number, nowMs: number): boolean {
  return known !== undefined && epoch < known.epoch && nowMs - known.atMs < EPOCH_COUNTS_MS;
}

/** What the guard wants now, and the command that is due, if any. */
export function decide(
  view: UnitView,
  nowMs: number,
  settings: GuardSettings,
): { readonly view: UnitView; readonly command?: GuardCommand } {
  const wanted = wantedOf(view, nowMs, settings);
  const { valve, asked } = view;
  const next: UnitView = { ...view, wanted };
  // Whose epoch it is must be known: a command without it is refused.
  if (valve === undefined || (valve.position === wanted && wanted === 'closed')) return { view: next };
  const isAsked = asked?.position === wanted && asked.epoch === valve.epoch;
  const againMs = valve.position === wanted ? settings.renewOpenMs : settings.repeatMs;
  if (isAsked && nowMs - asked.atMs < againMs) return { view: next };
  const command = { position: wanted, epoch: valve.epoch };
  return { view: { ...next, asked: { ...command, atMs: nowMs } }, command };
}

function wantedOf({ level, wanted }: UnitView, nowMs: number, settings: GuardSettings): Position {
  if (level === undefined || nowMs - level.atMs > settings.staleMs) return 'closed';
  if (level.percent >= settings.closeAtPercent) return 'closed';
  return level.percent < settings.openBelowPercent ? 'open' : wanted;
}

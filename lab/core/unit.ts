import {
  listOf,
  parseCommand,
  parseEnvironment,
  parseUnitFile,
  timeSpanMs,
  type UnitCommand,
  type UnitFile,
  valueOf,
  valuesOf,
} from './unit-file.ts';

/** What all kinds of unit have. */
interface UnitBase {
  readonly name: string;
  readonly description: string;
  readonly after: readonly string[];
  readonly before: readonly string[];
  /** `Wants=` and `Requires=`: started with it. */
  readonly pullsIn: readonly string[];
  /** Paths that must exist, or with a leading `!` must not; else the start is skipped. */
  readonly conditionPathExists: readonly string[];
  readonly wantedBy: readonly string[];
}

export interface ServiceUnit extends UnitBase {
  readonly kind: 'service';
  /** `oneshot`: started once its commands have ended. Every other type counts as started with its process. */
  readonly oneshot: boolean;
  readonly remainAfterExit: boolean;
  readonly startPre: readonly UnitCommand[];
  readonly start: readonly UnitCommand[];
  readonly environment: Readonly<Record<string, string>>;
  /** A leading `-` allows it to be missing. */
  readonly environmentFiles: readonly string[];
  readonly workingDirectory: string;
  readonly umask: string;
  readonly restart: string;
  readonly restartMs: number;
  /** `process`: a stop ends the main process alone. */
  readonly killsOnlyMain: boolean;
  readonly timeoutStartMs: number;
  readonly timeoutStopMs: number;
  readonly startLimit: { readonly burst: number; readonly intervalMs: number };
}

export interface TimerUnit extends UnitBase {
  readonly kind: 'timer';
  /** The unit it starts. */
  readonly starts: string;
  readonly onBootMs?: number;
  readonly onActiveMs?: number;
  readonly onUnitActiveMs?: number;
  readonly onUnitInactiveMs?: number;
  readonly randomizedDelayMs: number;
}

/** Starts a unit whenever a folder has an entry and that unit does not run. */
export interface PathUnit extends UnitBase {
  readonly kind: 'path';
  readonly starts: string;
  /** `DirectoryNotEmpty=` */
  readonly folder: string;
  readonly makesFolder: boolean;
}

export type Unit = ServiceUnit | TimerUnit | PathUnit;

// Defaults of systemd-system.conf(5) and systemd.service(5).
const DEFAULT_TIMEOUT_MS = 90_000;
const DEFAULT_RESTART_MS = 100;
const DEFAULT_BURST = 5;
const DEFAULT_BURST_MS = 10_000;

/** The unit `name` (with its suffix) from the text of its file. */
export function readUnit(name: string, text: string): Unit {
  const file = parseUnitFile(text);
  const base: UnitBase = {
    name,
    description: valueOf(file, 'Unit', 'Description') ?? name,
    after: listOf(file, 'Unit', 'After'),
    before: listOf(file, 'Unit', 'Before'),
    pullsIn: [...listOf(file, 'Unit', 'Wants'), ...listOf(file, 'Unit', 'Requires')],
    conditionPathExists: valuesOf(file, 'Unit', 'ConditionPathExists'),
    wantedBy: listOf(file, 'Install', 'WantedBy'),
  };
  if (name.endsWith('.timer')) return timerOf(base, file);
  return name.endsWith('.path') ? pathOf(base, file) : serviceOf(base, file);
}

function serviceOf(base: UnitBase, file: UnitFile): ServiceUnit {
  const value = (key: string): string | undefined => valueOf(file, 'Service', key);
  const oneshot = value('Type') === 'oneshot';
  return {
    ...base,
    kind: 'service',
    oneshot,
    remainAfterExit: isTrue(value('RemainAfterExit')),
    startPre: valuesOf(file, 'Service', 'ExecStartPre').map(parseCommand),
    start: valuesOf(file, 'Service', 'ExecStart').map(parseCommand),
    environment: parseEnvironment(valuesOf(file, 'Service', 'Environment')),
    environmentFiles: valuesOf(file, 'Service', 'EnvironmentFile'),
    workingDirectory: value('WorkingDirectory') ?? '/',
    umask: value('UMask') ?? '0022',
    restart: value('Restart') ?? 'no',
    restartMs: spanOf(value('RestartSec'), DEFAULT_RESTART_MS),
    killsOnlyMain: value('KillMode') === 'process',
    timeoutStartMs: limitOf(value('TimeoutStartSec'), oneshot ? Number.POSITIVE_INFINITY : DEFAULT_TIMEOUT_MS),
    timeoutStopMs: limitOf(value('TimeoutStopSec'), DEFAULT_TIMEOUT_MS),
    startLimit: {
      burst: Number(valueOf(file, 'Unit', 'StartLimitBurst') ?? DEFAULT_BURST),
      intervalMs: spanOf(valueOf(file, 'Unit', 'StartLimitIntervalSec'), DEFAULT_BURST_MS),
    },
  };
}

function timerOf(base: UnitBase, file: UnitFile): TimerUnit {
  const span = (key: string): number | undefined => {
    const text = valueOf(file, 'Timer', key);
    return text === undefined ? undefined : timeSpanMs(text);
  };
  const timer = {
    ...base,
    kind: 'timer' as const,
    starts: valueOf(file, 'Timer', 'Unit') ?? base.name.replace(/\.timer$/, '.service'),
    randomizedDelayMs: span('RandomizedDelaySec') ?? 0,
  };
  const keys = { onBootMs: 'OnBootSec', onActiveMs: 'OnActiveSec', onUnitActiveMs: 'OnUnitActiveSec' };
  const spans = Object.entries({ ...keys, onUnitInactiveMs: 'OnUnitInactiveSec' }).map(([to, key]) => [to, span(key)]);
  return { ...timer, ...Object.fromEntries(spans.filter(([, value]) => value !== undefined)) } as TimerUnit;
}

function pathOf(base: UnitBase, file: UnitFile): PathUnit {
  return {
    ...base,
    kind: 'path',
    starts: valueOf(file, 'Path', 'Unit') ?? base.name.replace(/\.path$/, '.service'),
    folder: valueOf(file, 'Path', 'DirectoryNotEmpty') ?? '',
    makesFolder: isTrue(valueOf(file, 'Path', 'MakeDirectory')),
  };
}

/** Whether a service that ended with `code` (0 to 255, or undefined after a signal) is started again. */
export function restartsAfter(unit: ServiceUnit, code: number | undefined): boolean {
  if (unit.restart === 'always') return true;
  return code === 0 ? unit.restart === 'on-success' : unit.restart === 'on-failure';
}

/** Moments that a timer counts from, in milliseconds of one clock; undefined what has not happened yet. */
export interface TimerMoments {
  readonly boot: number;
  /** When the timer itself was started. */
  readonly active: number;
  readonly lastTrigger: number | undefined;
  readonly unitActive: number | undefined;
  readonly unitInactive: number | undefined;
}

/** When a timer is due next (it may be in the past: then at once), or undefined when nothing is left to wait for. */
export function nextElapseMs(timer: TimerUnit, moments: TimerMoments): number | undefined {
  const { boot, active, lastTrigger, unitActive, unitInactive } = moments;
  const due: number[] = [];
  // Spans from the boot and from the timer's own start elapse once.
  for (const [span, base] of [[timer.onBootMs, boot] as const, [timer.onActiveMs, active] as const]) {
    if (span !== undefined && (lastTrigger === undefined || base + span > lastTrigger)) due.push(base + span);
  }
  for (const [span, base] of [
    [timer.onUnitActiveMs, unitActive ?? lastTrigger] as const,
    [timer.onUnitInactiveMs, unitInactive ?? lastTrigger] as const,
  ]) {
    if (span !== undefined && base !== undefined) due.push(base + span);
  }
  return due.length === 0 ? undefined : Math.min(...due);
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 'yes', 'true', 'on'].includes(text.toLowerCase());
}

function spanOf(text: string | undefined, otherwiseMs: number): number {
  return text === undefined ? otherwiseMs : (timeSpanMs(text) ?? otherwiseMs);
}

/** A time limit; 0 means none. */
function limitOf(text: string | undefined, otherwiseMs: number): number {
  const ms = spanOf(text, otherwiseMs);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

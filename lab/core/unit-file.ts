// The part of systemd's unit file syntax and meaning that the units on a card use: systemd.syntax(7), systemd.unit(5),
// systemd.service(5), systemd.timer(5), systemd.path(5), systemd.time(7).

/** Assignments by section and key; a key given twice has two values, one given empty forgets those before it. */
export type UnitFile = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads a unit file; lines that are neither section, assignment nor comment are passed over, as systemd does. */
export function parseUnitFile(text: string): UnitFile {
  const sections = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of logicalLines(text)) {
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map<string, string[]>();
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (value === '') section.delete(key);
    else section.set(key, [...(section.get(key) ?? []), value]);
  }
  return sections;
}

/** All values of a key, each split at blanks: the form of lists such as `After=`. */
export function listOf(unit: UnitFile, section: string, key: string): string[] {
  return valuesOf(unit, section, key).flatMap((value) => value.split(/\s+/));
}

/** All values of a key. */
export function valuesOf(unit: UnitFile, section: string, key: string): readonly string[] {
  return unit.get(section)?.get(key) ?? [];
}

/** The value that counts for a key that has only one: the last. */
export function valueOf(unit: UnitFile, section: string, key: string): string | undefined {
  return valuesOf(unit, section, key).at(-1);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  msec: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** A time span in milliseconds: `5s`, `2min`, `1h 30min`, a plain number of seconds, `infinity`; undefined when it is none. */
export function timeSpanMs(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === 'infinity') return Number.POSITIVE_INFINITY;
  if (!/^(\d+(\.\d+)?\s*[a-z]*\s*)+$/.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, count = '', unit = ''] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const unitMs = unit === '' ? 1000 : UNIT_MS[unit];
    if (unitMs === undefined) return undefined;
    totalMs += Number(count) * unitMs;
  }
  return totalMs;
}

/** One command line of `ExecStart=` and its like. */
export interface UnitCommand {
  readonly argv: readonly string[];
  /** Prefix `-`: a failure counts as success. */
  readonly mayFail: boolean;
}

/** Splits a command line; single and double quotes group words. Variables and specifiers are left as they are. */
export function parseCommand(line: string): UnitCommand {
  const [, prefixes = '', rest = ''] = /^([-@:+!]*)(.*)$/.exec(line) ?? [];
  return { argv: words(rest), mayFail: prefixes.includes('-') };
}

/** `Environment=` and the lines of an environment file, as pairs. */
export function parseEnvironment(assignments: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const word of assignments.flatMap(words)) {
    const at = word.indexOf('=');
    if (at > 0) environment[word.slice(0, at)] = word.slice(at + 1);
  }
  return environment;
}

function words(text: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) found.push(word);
  return found;
}

/** Lines with comments taken out and continuations joined; a comment between continued lines does not end them. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let pending = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('#') || line.startsWith(';')) continue;
    if (line.endsWith('\\')) {
      pending += `${line.slice(0, -1)} `;
      continue;
    }
    lines.push(pending + line);
    pending = '';
  }
  return lines;
}

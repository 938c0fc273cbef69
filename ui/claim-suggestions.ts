import type { ClaimView } from '../api/core/schemas.ts';
import type { LabelText } from './label-rules.ts';

type Known = Pick<ClaimView, 'name' | 'nodeName' | 'labels'>;

/** A name that ends in a number, or holds one: `lathe-12-left` is `lathe-`, 12, `-left`. */
const NUMBERED = /^(.*?)(\d+)(\D*)$/;
const MAX_NAMES = 3;

interface Family {
  before: string;
  after: string;
  /** Digits of its numbers, when they are padded with zeros. */
  digits: number;
  members: Map<number, Known>;
}

/** Names that go on from those that are there: of each family of numbered names the next, the largest family first. */
export function suggestedNames(claims: readonly Known[], taken: ReadonlySet<string> = new Set()): string[] {
  const isTaken = new Set([...claims.flatMap(({ name, nodeName }) => [name, nodeName]), ...taken]);
  return [...familiesOf(claims).values()]
    .toSorted((a, b) => b.members.size - a.members.size)
    .slice(0, MAX_NAMES)
    .map((family) => {
      let next = Math.max(...family.members.keys()) + 1;
      while (isTaken.has(memberName(family, next))) next += 1;
      return memberName(family, next);
    });
}

/**
 * Labels as the others have them: of the family of a numbered name, else of all claims. A key that at least half of them
 * have is suggested; its value when they share it, or when it follows the number or the name (lathe-1 → lathe-2).
 */
export function suggestedLabels(claims: readonly Known[], name: string): LabelText[] {
  const number = Number(NUMBERED.exec(name)?.[2]);
  const family = familiesOf(claims).get(familyKey(name));
  const others = family === undefined ? claims : [...family.members.values()];
  const counts = new Map<string, number>();
  for (const key of others.flatMap((claim) => Object.keys(claim.labels))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count * 2 >= others.length)
    .toSorted((a, b) => b[1] - a[1])
    .map(([key]) => ({ key, value: valueOf(key, others, name, number) }));
}

function valueOf(key: string, claims: readonly Known[], name: string, number: number): string {
  const having = claims.filter((claim) => claim.labels[key] !== undefined);
  const values = new Set(having.map((claim) => claim.labels[key]));
  const [only] = values;
  if (values.size === 1 && having.length > 1) return only ?? '';
  if (having.every((claim) => claim.labels[key] === claim.name)) return name;
  const patterns = having.map((claim) => patternOf(claim.labels[key] ?? '', claim.name));
  const [pattern] = patterns;
  const isShared = patterns.every((each) => each?.before === pattern?.before && each?.after === pattern?.after);
  if (pattern !== undefined && isShared && Number.isFinite(number)) {
    return `${pattern.before}${String(number).padStart(pattern.digits, '0')}${pattern.after}`;
  }
  return values.size === 1 ? (only ?? '') : '';
}

/** What stands around the number in a value that follows the number of its claim's name; undefined when none does. */
function patternOf(value: string, name: string): Pick<Family, 'before' | 'after' | 'digits'> | undefined {
  const own = NUMBERED.exec(name)?.[2];
  const parts = NUMBERED.exec(value);
  if (own === undefined || parts === null || Number(parts[2]) !== Number(own)) return undefined;
  const [, before = '', digits = '', after = ''] = parts;
  return { before, after, digits: digits.startsWith('0') ? digits.length : 0 };
}

function familiesOf(claims: readonly Known[]): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const claim of claims) {
    const parts = NUMBERED.exec(claim.name);
    if (parts === null) continue;
    const [, before = '', digits = '', after = ''] = parts;
    const key = familyKey(claim.name);
    const family = families.get(key) ?? { before, after, digits: 0, members: new Map<number, Known>() };
    family.digits = Math.max(family.digits, digits.startsWith('0') ? digits.length : 0);
    family.members.set(Number(digits), claim);
    families.set(key, family);
  }
  return families;
}

function familyKey(name: string): string {
  const parts = NUMBERED.exec(name);
  return parts === null ? '' : `${parts[1] ?? ''}\0${parts[3] ?? ''}`;
}

function memberName({ before, after, digits }: Family, number: number): string {
  return `${before}${String(number).padStart(digits, '0')}${after}`;
}

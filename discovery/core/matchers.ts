import { z } from 'zod';
import { UsherError } from '../../foundation/errors.ts';
import type { MatchReason, Observation } from './sighting.ts';
import { matchesWildcard, wildcardsIntersect } from './wildcard.ts';

const pattern = z.string().min(1).max(64);

/** Fields matched by wildcard against texts. */
const PATTERN_FIELDS = ['oui', 'vendor', 'hostname', 'vendorClass', 'service', 'serial', 'machineUuid'] as const;
type PatternField = (typeof PATTERN_FIELDS)[number];

export const Matcher = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
    score: z.int().min(1).max(100),
    why: z.string().min(1).max(120),
    oui: pattern.optional().describe('MAC address, for instance b8:27:eb:*'),
    vendor: pattern.optional().describe('Name of the assignee of the MAC prefix in the IEEE registry'),
    hostname: pattern.optional(),
    vendorClass: pattern.optional().describe('DHCP option 60'),
    service: pattern.optional().describe('mDNS service type, for instance _usher-device._tcp'),
    serial: pattern.optional(),
    machineUuid: pattern.optional().describe('DHCP option 97 as hex, its type byte included'),
    architecture: z.int().min(0).max(0xffff).optional().describe('DHCP option 93'),
    parameters: z
      .array(z.int().min(1).max(254))
      .min(1)
      .optional()
      .describe('Exact set of DHCP option 55, in any order'),
  })
  .refine((matcher) => fieldsOf(matcher).length > 0, 'names nothing to match');
export type Matcher = z.infer<typeof Matcher>;

const MatchersFile = z
  .strictObject({ matchers: z.array(Matcher).min(1).max(256) })
  .refine(
    ({ matchers }) => new Set(matchers.map(({ name }) => name)).size === matchers.length,
    'two matchers have one name',
  );

/** What is known of a machine when it is scored. */
export interface MatchFacts {
  mac: string;
  vendor?: string | undefined;
  observations: readonly Observation[];
}

/**
 * Checks the content of the matchers file.
 * @throws UsherError MATCHERS_INVALID, with the place
 */
export function parseMatchers(data: unknown): Matcher[] {
  const parsed = MatchersFile.safeParse(data);
  if (parsed.success) return parsed.data.matchers;
  throw new UsherError('MATCHERS_INVALID', { detail: z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ') });
}

/** Why a machine counts as a candidate: the matchers whose fields all match something that was seen. */
export function matchReasons(matchers: readonly Matcher[], facts: MatchFacts): MatchReason[] {
  return matchers
    .filter((matcher) => fieldsOf(matcher).every((field) => matchesField(matcher, field, facts)))
    .map(({ name, score, why }) => ({ matcher: name, score, why }));
}

/** Service types that matchers name without wildcard: those that mDNS is asked for. */
export function queriedServices(matchers: readonly Matcher[]): string[] {
  const exact = matchers.flatMap(({ service }) => (service === undefined || /[*?]/.test(service) ? [] : service));
  return [...new Set(exact.map((service) => service.toLowerCase()))];
}

/** Two matchers that would count one fact twice. */
export interface MatcherOverlap {
  one: string;
  other: string;
}

/**
 * Pairs of matchers of which one asks for nothing that the other does not ask for too, and some machine matches both:
 * one fact would then count twice.
 */
export function findOverlaps(matchers: readonly Matcher[]): MatcherOverlap[] {
  return matchers.flatMap((one, index) =>
    matchers
      .slice(index + 1)
      .filter((other) => overlap(one, other))
      .map((other) => ({ one: one.name, other: other.name })),
  );
}

type MatchField = PatternField | 'architecture' | 'parameters';

function fieldsOf(matcher: Partial<Record<MatchField, unknown>>): MatchField[] {
  const all: MatchField[] = [...PATTERN_FIELDS, 'architecture', 'parameters'];
  return all.filter((field) => matcher[field] !== undefined);
}

function matchesField(matcher: Matcher, field: MatchField, facts: MatchFacts): boolean {
  if (field === 'architecture') return facts.observations.some((seen) => seen.architecture === matcher.architecture);
  if (field === 'parameters') return facts.observations.some((seen) => sameSet(seen.parameterList, matcher.parameters));
  const wanted = matcher[field] ?? '';
  return textsOf(field, facts).some((text) => text !== undefined && matchesWildcard(wanted, text));
}

function textsOf(field: PatternField, facts: MatchFacts): (string | undefined)[] {
  if (field === 'oui') return [facts.mac];
  if (field === 'vendor') return [facts.vendor];
  return facts.observations.map((seen) => seen[field]);
}

function sameSet(one: readonly number[] | undefined, other: readonly number[] | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const set = new Set(one);
  return set.size === new Set(other).size && other.every((code) => set.has(code));
}

function overlap(one: Matcher, other: Matcher): boolean {
  const [few = [], many = []] = [fieldsOf(one), fieldsOf(other)].sort((a, b) => a.length - b.length);
  return few.every((field) => {
    if (!many.includes(field)) return false;
    if (field === 'architecture') return one.architecture === other.architecture;
    if (field === 'parameters') return sameSet(one.parameters, other.parameters);
    return wildcardsIntersect(one[field] ?? '', other[field] ?? '');
  });
}

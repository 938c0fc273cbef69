import { UsherError } from '../../../foundation/errors.ts';

/**
 * JSON of which equal values have equal bytes (RFC 8785): members sorted by the UTF-16 units of their names, no spaces,
 * numbers and strings as ECMAScript writes them. Members that are undefined are left out.
 * @throws UsherError INTERNAL for what JSON cannot say, a lone surrogate included (RFC 8785, section 3.2.2.2)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value === 'string' && value.isWellFormed()) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: unknown) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new UsherError('INTERNAL', { detail: `a ${typeof value} is no canonical JSON` });
}

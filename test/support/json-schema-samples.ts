/** As much of JSON Schema (2020-12) as zod writes. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  minimum?: number;
  pattern?: string;
  format?: string;
}

export type SchemaOf = (ref: string) => JsonSchema | undefined;

/** Texts that fit the patterns in use; a text of another pattern is refused, which is a case as well. */
const TEXTS_OF_FORMAT: Record<string, string> = { 'date-time': '2026-01-01T00:00:00Z', uri: 'https://10.0.0.1:7443' };
const MOST_DEPTH = 12;

/** A value with every field that the schema names. */
export function sampleOf(schema: JsonSchema, schemaOf: SchemaOf, depth = 0): unknown {
  if (depth > MOST_DEPTH) return null;
  const inside = (child: JsonSchema): unknown => sampleOf(child, schemaOf, depth + 1);
  if (schema.$ref !== undefined) return inside(schemaOf(schema.$ref) ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [variant] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (variant !== undefined) return inside(variant);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return sampleObject(schema, inside);
    case 'array':
      return schema.items === undefined ? [] : [inside(schema.items)];
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'string':
      return TEXTS_OF_FORMAT[schema.format ?? ''] ?? 'x';
    default:
      return null;
  }
}

function sampleObject(schema: JsonSchema, inside: (child: JsonSchema) => unknown): Record<string, unknown> {
  const named = Object.entries(schema.properties ?? {}).map(([key, child]): [string, unknown] => [key, inside(child)]);
  const open = schema.additionalProperties;
  return Object.fromEntries(typeof open === 'object' ? [...named, ['key', inside(open)]] : named);
}

const DEEP = '['.repeat(5000) + ']'.repeat(5000);

/** JSON texts of values that no field of ours is meant to have. */
export const WRONG_VALUES: readonly string[] = [
  ...[
    'null',
    'true',
    '0',
    '-1',
    '1e308',
    '-0',
    '1.5',
    '9007199254740993',
    '1e-400',
    '""',
    '[]',
    '{}',
    '[null]',
    '[[]]',
  ],
  ...[
    '"\\u0000"',
    '"\\ud800"',
    '"\\u202e\\u001b[2J"',
    '"../../etc/passwd"',
    '"__proto__"',
    '{"__proto__":{"admin":true}}',
  ],
  ...['{"constructor":{"prototype":{"admin":true}}}', '{"toString":1,"valueOf":1}', '{"length":1e9}'],
  JSON.stringify('x'.repeat(4000)),
  JSON.stringify(Array.from({ length: 1500 }, (_, index) => index)),
  JSON.stringify(Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${String(index)}`, 'v']))),
];

/**
 * JSON texts made from a good one: each place in turn with every wrong value, taken away, given twice; keys that are
 * dangerous; and nesting without end. Each with the place that is wrong.
 */
export function mistyped(good: unknown): { what: string; text: string }[] {
  const whole = JSON.stringify(good);
  const marks = placesIn(good);
  const at = (path: readonly string[], json: string): string =>
    JSON.stringify(replaced(good, path, '\u0001')).replace('"\\u0001"', () => json);
  return [
    ...marks.flatMap((path) =>
      WRONG_VALUES.map((json) => ({ what: `${path.join('.')}=${json.slice(0, 40)}`, text: at(path, json) })),
    ),
    ...marks
      .filter((path) => path.length > 0)
      .map((path) => ({ what: `no ${path.join('.')}`, text: JSON.stringify(replaced(good, path, undefined)) })),
    { what: 'nested deeply', text: DEEP },
    { what: 'nested deeply in a field', text: whole.replace(/:("[^"]*"|true|1)/, `:${DEEP}`) },
    { what: 'dangerous keys', text: whole.replace(/^\{/, '{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},') },
    { what: 'a key twice', text: whole.replace(/^\{("[^"]+":)/, '{$1null,$1') },
  ];
}

function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, child]) => placesIn(child, [...path, key]))];
}

/** `undefined` takes the place away. */
function replaced(value: unknown, [head, ...rest]: readonly string[], by: unknown): unknown {
  if (head === undefined) return by;
  if (Array.isArray(value))
    return value.map((child: unknown, index) => (String(index) === head ? replaced(child, rest, by) : child));
  const object = { ...(value as Record<string, unknown>) };
  object[head] = replaced(object[head], rest, by);
  return object;
}

/** Texts that are no JSON, or hardly. */
export const MALFORMED_JSON: readonly string[] = [
  ...[
    '',
    '{',
    '}',
    '[',
    '"',
    '{"a":',
    'nul',
    'NaN',
    '01',
    "{'a':1}",
    '{"a":1}}',
    '\u0000',
    '\uFEFF{}',
    '{"a":"\n"}',
    '<x/>',
  ],
  ...['a=1&b=2', '\\', '{"a":1,}', '/* */ {}', '{"\\ud800":1}'],
];

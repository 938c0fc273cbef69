import type { Role } from './role.ts';

/** One operation of the API, as far as it matters who may call it and what is told of it. */
export interface OperationRule {
  readonly method: string;
  /** As OpenAPI writes it, for instance `/api/v1/claims/{name}`. */
  readonly path: string;
  readonly operationId: string;
  /** The least role that may call it. */
  readonly role: Role;
  /** Anybody may call it. */
  readonly open: boolean;
  /** Only a person who signed in a moment ago, or the command line: it changes who may do what. */
  readonly fresh: boolean;
  /** It changes nothing, whatever its method. */
  readonly reads: boolean;
}

export interface FoundOperation {
  readonly rule: OperationRule;
  /** Path parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** The part of an OpenAPI document that is read here. */
interface RuledDocument {
  readonly paths?: Readonly<Record<string, object>>;
}

const READING = new Set(['GET', 'HEAD']);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/**
 * Which role each operation needs, from the OpenAPI document alone: what the document does not name is never reached, so a
 * route without a role cannot exist.
 */
export class RoleTable {
  readonly #rules: readonly { rule: OperationRule; segments: readonly string[] }[];

  /** An operation without role or id is left out, and with it its route. */
  constructor(document: RuledDocument) {
    this.#rules = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const rule = ruleOf(method.toUpperCase(), path, (item as Readonly<Record<string, unknown>>)[method]);
        return rule === undefined ? [] : [{ rule, segments: path.split('/') }];
      }),
    );
  }

  rules(): OperationRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /**
   * The operation that a request means. Where several fit (`/claims/export`, `/claims/{name}`) it is the one with the
   * most literal path, with the strictest role of all of them: however the router decides, nobody gains by it.
   * @param path not percent-decoded, as the router matches it
   */
  find(method: string, path: string): FoundOperation | undefined {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const given = path.split('/');
    const fitting = this.#rules
      .filter(({ rule, segments }) => rule.method === wanted && fits(segments, given))
      .sort((one, other) => variables(one.segments) - variables(other.segments));
    const [best] = fitting;
    if (best === undefined) return undefined;
    const rules = fitting.map(({ rule }) => rule);
    const params = paramsOf(best.segments, given);
    return params === undefined ? undefined : { rule: strictest(best.rule, rules), params };
  }
}

function strictest(rule: OperationRule, all: readonly OperationRule[]): OperationRule {
  return {
    ...rule,
    role: (['admin', 'claimer'] as const).find((role) => all.some((one) => one.role === role)) ?? 'viewer',
    open: all.every(({ open }) => open),
    fresh: all.some(({ fresh }) => fresh),
    reads: all.every(({ reads }) => reads),
  };
}

function ruleOf(method: string, path: string, operation: unknown): OperationRule | undefined {
  if (typeof operation !== 'object' || operation === null) return undefined;
  const fields = operation as Readonly<Record<string, unknown>>;
  const { operationId, security } = fields;
  const role = fields['x-usher-role'];
  const reads = fields['x-usher-reads'];
  if (typeof operationId !== 'string' || (role !== 'viewer' && role !== 'claimer' && role !== 'admin'))
    return undefined;
  return {
    ...{ method, path, operationId, role },
    open: Array.isArray(security) && security.length === 0,
    fresh: fields['x-usher-fresh-sign-in'] === true,
    reads: typeof reads === 'boolean' ? reads : READING.has(method),
  };
}

/** Literal segments in any case, as the router has it; a parameter is never empty. */
function fits(segments: readonly string[], given: readonly string[]): boolean {
  if (segments.length !== given.length) return false;
  return segments.every((segment, i) => {
    const text = given[i] ?? '';
    return isVariable(segment) ? text !== '' : segment.toLowerCase() === text.toLowerCase();
  });
}

function paramsOf(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const pairs = segments.flatMap((segment, i): [string, string][] =>
    isVariable(segment) ? [[segment.slice(1, -1), given[i] ?? '']] : [],
  );
  try {
    return Object.fromEntries(pairs.map(([name, text]) => [name, decodeURIComponent(text)]));
  } catch (error) {
    // Not percent-encoded as RFC 3986 has it: the router refuses it too.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function variables(segments: readonly string[]): number {
  return segments.filter(isVariable).length;
}

function isVariable(segment: string): boolean {
  return segment.startsWith('{');
}

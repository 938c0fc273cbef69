import type { KubeObject } from '../../k8s/core/resources.ts';
/** Field-wise work of the fake API server: merge patch, selectors, and the ownership of server-side apply. */

/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>;

/** The lists that the real schemas merge by key; every other list is replaced as a whole. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  taints: ['key', 'effect'],
  conditions: ['type'],
  ownerReferences: ['uid'],
};
const ITEM = '#item:';

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** JSON merge patch (RFC 7396). */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const merged: Json = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergePatched(merged[key], value);
  }
  return merged;
}

/** Equality, inequality, existence and set terms of a label selector. */
export function matchesLabels(labels: Readonly<Record<string, string>>, selector: string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  return selector.split(/,(?![^(]*\))/).every((term) => {
    const text = term.trim();
    const inSet = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
    if (inSet !== null) {
      const [, key = '', operator, values = ''] = inSet;
      const among = values.split(',').some((value) => value.trim() === labels[key]);
      return operator === 'in' ? among : !among;
    }
    const [key = '', value] = text.split(/!=|==?/);
    if (value !== undefined) return text.includes('!=') ? labels[key] !== value : labels[key] === value;
    return key.startsWith('!') ? !(key.slice(1) in labels) : key in labels;
  });
}

/** Equality terms of a field selector, on any dotted path. */
export function matchesFields(object: unknown, selector: string | undefined): boolean {
  if (selector === undefined || selector === '') return true;
  return selector.split(',').every((term) => {
    const [path = '', wanted = ''] = term.split(/!=|==?/);
    let value: unknown = object;
    for (const part of path.split('.')) value = isJson(value) ? value[part] : undefined;
    const equal = (typeof value === 'string' ? value : '') === wanted;
    return term.includes('!=') ? !equal : equal;
  });
}

/** Every leaf of `object` by its path (JSON text of the path's parts). */
export function leavesOf(object: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const walk = (value: unknown, path: string[]): void => {
    const entries = isJson(value) ? Object.entries(value).filter(([, child]) => child !== undefined) : [];
    if (entries.length === 0) leaves.set(JSON.stringify(path), value);
    else for (const [key, child] of entries) walk(child, [...path, key]);
  };
  walk(toTree(object), []);
  return leaves;
}

/** The object whose leaves are `leaves`, its merged lists in order of first appearance. */
export function objectOf(leaves: ReadonlyMap<string, unknown>): Json {
  const tree: Json = {};
  for (const [path, value] of leaves) {
    const parts = JSON.parse(path) as string[];
    const last = parts.pop();
    if (last === undefined) continue;
    let parent = tree;
    for (const part of parts) {
      const child = isJson(parent[part]) ? parent[part] : {};
      parent[part] = child;
      parent = child;
    }
    parent[last] = value;
  }
  return fromTree(tree) as Json;
}

function toTree(value: unknown, name = ''): unknown {
  const keys = LIST_KEYS[name];
  if (Array.isArray(value) && keys !== undefined && value.length > 0 && value.every(isJson)) {
    return Object.fromEntries(
      value.map((item) => [ITEM + JSON.stringify(keys.map((key) => item[key])), toTree(item)] as const),
    );
  }
  if (!isJson(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toTree(child, key)]));
}

function fromTree(value: unknown): unknown {
  if (!isJson(value)) return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([key]) => key.startsWith(ITEM)))
    return entries.map(([, item]) => fromTree(item));
  return Object.fromEntries(entries.map(([key, child]) => [key, fromTree(child)]));
}

/** Who owns which field of one object, as managedFields would say. */
export class FieldOwners {
  readonly #owners = new Map<string, Set<string>>();

  /** A write other than apply: what it changed belongs to `manager` alone from now on. */
  recordUpdate(before: unknown, after: unknown, manager: string): void {
    const was = leavesOf(before);
    const is = leavesOf(after);
    for (const path of was.keys()) if (!is.has(path)) this.#owners.delete(path);
    for (const [path, value] of is) {
      if (!was.has(path) || JSON.stringify(was.get(path)) !== JSON.stringify(value))
        this.#owners.set(path, new Set([manager]));
    }
  }

  /** The live object after an apply of `wanted`, or the path that another manager holds with another value. */
  apply(live: unknown, wanted: unknown, manager: string, force: boolean): { result: Json } | { conflict: string } {
    const fields = leavesOf(live);
    const desired = leavesOf(wanted);
    if (!force) {
      for (const [path, value] of desired) {
        const others = [...(this.#owners.get(path) ?? [])].filter((owner) => owner !== manager);
        if (others.length > 0 && JSON.stringify(fields.get(path)) !== JSON.stringify(value)) return { conflict: path };
      }
    }
    for (const [path, owners] of this.#owners) {
      if (desired.has(path) || !owners.delete(manager) || owners.size > 0) continue;
      this.#owners.delete(path);
      fields.delete(path);
    }
    for (const [path, value] of desired) {
      // An empty map or list says nothing about the entries of others.
      const inner = `${path.slice(0, -1)},`;
      if (isEmpty(value) && [...fields.keys()].some((other) => other.startsWith(inner))) continue;
      const same = JSON.stringify(fields.get(path)) === JSON.stringify(value);
      const owners = this.#owners.get(path) ?? new Set<string>();
      this.#owners.set(path, same ? owners.add(manager) : new Set([manager]));
      fields.set(path, value);
    }
    return { result: objectOf(fields) };
  }
}

/** Whether both are the same JSON, whatever the order of their keys. */
export function sameJson(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, child: unknown) =>
    isJson(child) ? Object.fromEntries(Object.entries(child).sort(([a], [b]) => (a < b ? -1 : 1))) : child,
  );
}

/** What generation counts: everything but metadata and status. */
export function desiredPart(object: KubeObject): Json {
  return without(object, ['metadata', 'status']);
}

/** The fields that have owners: all but the object's identity and what the server keeps itself. */
export function ownable(object: KubeObject): Json {
  const identity = ['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'];
  const metadata = without(object.metadata, identity);
  const rest = without(object, ['apiVersion', 'kind', 'metadata', 'status']);
  return Object.keys(metadata).length > 0 ? { ...rest, metadata } : rest;
}

function without(object: object, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(structuredClone(object)).filter(([key]) => !keys.includes(key)));
}

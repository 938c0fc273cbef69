import type { Readable } from 'node:stream';
import type { paths } from './generated.ts';

// Requests as the OpenAPI document has them: a path, body or reply that it does not know does not compile.

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, for instance `/api/v1/devices`. */
  path: string;
  body?: unknown;
  /** A body that is a file, instead of JSON. */
  file?: { stream: Readable; bytes: number; type: string };
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Longest time until the reply begins, when it may be longer than that of others. */
  timeoutMs?: number;
}

type Method = HttpRequest['method'];
type OperationAt<M extends Method, P extends keyof paths> =
  paths[P] extends Record<Lowercase<M>, infer Operation> ? Operation : never;

/** The paths that know the method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, object> ? P : never;
}[keyof paths];

/** With optional fields that may also be undefined, as zod gives and takes them. */
type Loose<T> = T extends readonly (infer Item)[]
  ? Loose<Item>[]
  : T extends object
    ? { [Key in keyof T]: undefined extends T[Key] ? Loose<T[Key]> | undefined : Loose<T[Key]> }
    : T;

type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;
type Success = 200 | 201 | 202 | 204;

/** What a success gives; undefined when it has no JSON. */
export type ReplyOf<M extends Method, P extends keyof paths> =
  OperationAt<M, P> extends { responses: infer Replies }
    ? Loose<{ [Status in keyof Replies]: Status extends Success ? JsonOf<Replies[Status]> : never }[keyof Replies]>
    : never;

type BodyOf<M extends Method, P extends keyof paths> =
  OperationAt<M, P> extends { requestBody: infer Body } ? Loose<JsonOf<Body>> : undefined;
type ParamsOf<P extends keyof paths> = paths[P] extends { parameters: { path: infer Params } } ? Params : undefined;
type QueryOf<M extends Method, P extends keyof paths> =
  OperationAt<M, P> extends { parameters: { query?: infer Query } } ? Loose<NonNullable<Query>> : never;

/** What a request needs beside its path. */
export type Given<M extends Method, P extends keyof paths> = ([ParamsOf<P>] extends [undefined]
  ? { params?: undefined }
  : { params: ParamsOf<P> }) &
  ([BodyOf<M, P>] extends [undefined] ? { body?: undefined } : { body: BodyOf<M, P> }) & { query?: QueryOf<M, P> };

/** A request of which the type of the reply is known. */
export interface ApiRequest<Reply> extends HttpRequest {
  /** Never there: what a success gives. */
  readonly reply?: Reply;
}

/** The request for an operation of the document, its path filled in. */
export function requestTo<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ...[given]: Record<string, never> extends Given<M, P> ? [Given<M, P>?] : [Given<M, P>]
): ApiRequest<ReplyOf<M, P>> {
  const { params = {}, query = {}, body } = (given ?? {}) as Filling;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const pairs = Object.entries(query).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  const search = pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
  return { method, path: filled + search, ...(body === undefined ? {} : { body }) };
}

interface Filling {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
}

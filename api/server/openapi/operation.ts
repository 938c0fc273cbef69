import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { ErrorCode } from '../../../foundation/error-catalogue.ts';
import type { Role } from '../../core/people/role.ts';
import * as schemas from '../../core/schemas.ts';

const JSON_TYPE = 'application/json';

const ETAG = { ETag: { description: 'Of this state, for If-Match', schema: { type: 'string' } } } as const;

/** An operation of the API, told once: the document, the check of roles and the audit log are made from it. */
export interface Operation<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  /** Verb and noun in camelCase, for example `importClaims`: the action's name in the audit log and in clients. */
  operationId: string;
  summary: string;
  /** The least role that may call it. */
  role: Role;
  /** Status of success; 200 unless given. 204 and 302 have no body. */
  status?: '200' | '201' | '202' | '204' | '302';
  request?: Request;
  /** A request as it could be; needed beside `request`. */
  requestExample?: z.input<Request>;
  reply?: Reply;
  /** A reply as it could be; needed beside a JSON `reply`. */
  replyExample?: z.input<Reply>;
  replyType?: string;
  /** Media types of the request when its body is a file. */
  requestFile?: readonly string[];
  /** Media types of the reply when it is a file. */
  files?: readonly string[];
  query?: z.ZodObject;
  description?: string;
  /** Codes that this operation itself can give, beside those that any can. */
  errors?: readonly ErrorCode[];
  /** Headers that it heeds, and what they mean. */
  headers?: Readonly<Record<string, string>>;
  /** What If-Match holds it to; its errors then include PRECONDITION_FAILED. */
  ifMatch?: string;
  /** Its reply has an ETag, for If-Match. */
  etag?: true;
  /** Anybody may call it, without being signed in. */
  open?: true;
  /** It changes who may do what, or rests on a person's word: for one who signed in a moment ago, and the command line. */
  fresh?: true;
  /** Whether it changes nothing and so is not in the audit log; by default what its method says. */
  reads?: boolean;
}

/** A parameter of a path, for all its operations. */
export function parameter(
  name: string,
  description: string,
): { in: 'path'; name: string; required: true; description: string; schema: { type: 'string' } } {
  return { in: 'path', name, required: true, description, schema: { type: 'string' } };
}

/** The operation as OpenAPI says it: its role is `x-usher-role`, the codes of its errors are `x-usher-errors`. */
export function operation<Request extends z.ZodType, Reply extends z.ZodType>(
  wanted: Operation<Request, Reply>,
): ZodOpenApiOperationObject {
  const { operationId, summary, description, role, status = '200', request, requestExample } = wanted;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    'x-usher-role': role,
    'x-usher-errors': [...(wanted.errors ?? []), ...(wanted.ifMatch === undefined ? [] : ['PRECONDITION_FAILED'])],
    ...(wanted.open === true ? { security: [] } : {}),
    ...(wanted.fresh === true ? { 'x-usher-fresh-sign-in': true } : {}),
    ...(wanted.reads === undefined ? {} : { 'x-usher-reads': wanted.reads }),
    ...parametersOf(wanted),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: mediaType(request, requestExample) } } }),
    ...(wanted.requestFile === undefined
      ? {}
      : { requestBody: { required: true, content: filesOf(wanted.requestFile) } }),
    responses: {
      [status]: success(wanted),
      default: {
        description: 'Refused: a permanent code, what happened, and what to do',
        content: { [JSON_TYPE]: { schema: schemas.ErrorReply } },
      },
    },
  };
}

function parametersOf({ query, ifMatch, headers }: Operation): Pick<ZodOpenApiOperationObject, 'requestParams'> {
  const described = Object.entries({ ...headers, ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }) });
  if (query === undefined && described.length === 0) return {};
  const header = z.object(
    Object.fromEntries(described.map(([name, what]) => [name, z.string().optional().describe(what)])),
  );
  return {
    requestParams: { ...(query === undefined ? {} : { query }), ...(described.length === 0 ? {} : { header }) },
  };
}

function success({ reply, replyExample, replyType = JSON_TYPE, files, etag }: Operation): SuccessResponse {
  if (files !== undefined) {
    return { description: 'The file', content: filesOf(files) };
  }
  if (reply === undefined) return { description: 'Done' };
  const content = { [replyType]: mediaType(reply, replyExample) };
  return { description: 'Done', ...(etag === undefined ? {} : { headers: ETAG }), content };
}

function filesOf(types: readonly string[]): Record<string, { schema: { type: 'string'; format: 'binary' } }> {
  return Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
}

type SuccessResponse = NonNullable<ZodOpenApiOperationObject['responses'][`${1 | 2 | 3 | 4 | 5}${string}`]>;

function mediaType(schema: z.ZodType, example: unknown): { schema: z.ZodType; example?: unknown } {
  return { schema, ...(example === undefined ? {} : { example }) };
}

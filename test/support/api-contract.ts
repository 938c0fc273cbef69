import { z } from 'zod';
import { openApiDocument } from '../../api/server/openapi.ts';
import type { Reply } from './api-fixture.ts';
import { codeOf } from './api-fixture.ts';

interface Media {
  schema: object;
  example?: unknown;
}
interface OperationObject {
  operationId: string;
  'x-usher-errors': string[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}
interface Document {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, object> };
}

export interface Operation extends OperationObject {
  method: string;
  path: string;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const JSON_TYPE = 'application/json';

/** The OpenAPI document as programs get it, and whether messages are as it says. */
export class ApiContract {
  readonly operations: readonly Operation[];
  readonly #schemas: Record<string, unknown>;

  constructor() {
    const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;
    this.#schemas = document.components.schemas;
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.flatMap((method) => {
        const operation = item[method] as OperationObject | undefined;
        return operation === undefined ? [] : [{ ...operation, method, path }];
      }),
    );
  }

  /** Why the reply is not a success that the document knows; undefined when it is one. */
  successProblem({ responses }: Operation, reply: Reply): string | undefined {
    const documented = responses[String(reply.status)];
    if (documented === undefined) return `status ${String(reply.status)} is not documented: ${reply.text}`;
    if (documented.content === undefined) return reply.text === '' ? undefined : `a body: ${reply.text}`;
    const type = String(reply.headers['content-type']).split(';')[0] ?? '';
    const media = documented.content[type];
    if (media === undefined) return `type ${type} is not documented`;
    return type === JSON_TYPE ? this.problemOf(media.schema, reply.body) : undefined;
  }

  /** Why the reply is not an error that the document names for this operation. */
  errorProblem({ responses, 'x-usher-errors': codes }: Operation, reply: Reply): string | undefined {
    const code = codeOf(reply) ?? '';
    if (!codes.includes(code))
      return `status ${String(reply.status)} with ${code}, which is none of ${codes.join(', ')}`;
    return this.problemOf(responses['default']?.content?.[JSON_TYPE]?.schema ?? {}, reply.body);
  }

  /** What of a value is not as the JSON schema has it. */
  problemOf(schema: object, value: unknown): string | undefined {
    const whole = JSON.stringify({ ...schema, $defs: this.#schemas }).replaceAll('#/components/schemas/', '#/$defs/');
    const parsed = z.fromJSONSchema(JSON.parse(whole) as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
    return parsed.success ? undefined : z.prettifyError(parsed.error);
  }
}

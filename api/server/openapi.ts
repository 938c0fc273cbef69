import { z } from 'zod';
import { createDocument, type ZodOpenApiObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../core/schemas.ts';
import { auditPaths } from './openapi/audit-paths.ts';
import { claimCodePaths } from './openapi/claim-code-paths.ts';
import { claimPaths } from './openapi/claim-paths.ts';
import { errorsOf, type ErringOperation } from './openapi/common-errors.ts';
import { devicePaths } from './openapi/device-paths.ts';
import { imagePaths } from './openapi/image-paths.ts';
import { identifyPaths } from './openapi/identify-paths.ts';
import { labelPaths } from './openapi/label-paths.ts';
import { operation } from './openapi/operation.ts';
import { peoplePaths } from './openapi/people-paths.ts';
import { manifestPaths } from './openapi/manifest-paths.ts';
import { servicePaths } from './openapi/service-paths.ts';
import { sessionPaths } from './openapi/session-paths.ts';
import { sitePaths } from './openapi/site-paths.ts';
import { tokenPaths } from './openapi/token-paths.ts';
import { trustPaths } from './openapi/trust-paths.ts';

const VERSION = '1';
const METHODS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'patch', 'delete']);

/** The OpenAPI 3.1 document of the operators' API, made from its schemas. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const document = {
    openapi: '3.1.1',
    info: {
      title: "Usher: the operators' API",
      version: VERSION,
      description:
        'Browsers sign in and send X-Usher-CSRF with every change; programs send an API token, the command line that of cli.json. Each operation names the least role that may call it (x-usher-role) and whether it needs a sign-in of the last ten minutes (x-usher-fresh-sign-in).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        apiToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'Made by POST /api/v1/api-tokens, or the one of cli.json',
        },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-usher', description: 'Made by POST /api/v1/session' },
      },
    },
    security: [{ apiToken: [] }, { session: [] }],
    paths: withAllErrors(paths()),
  } satisfies ZodOpenApiObject;
  // Requests and replies of one name have one shape: no second schema with a suffix.
  return createDocument(document, { outputIdSuffix: '' });
}

/** Every shape by its name, so that none is written out twice; parameters of queries stand with their operation. */
function namedSchemas(): Record<string, z.ZodType> {
  const all = Object.entries<unknown>(schemas);
  const isShape = (entry: [string, unknown]): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType;
  return Object.fromEntries(all.filter(isShape).filter(([name]) => /^[A-Z]/.test(name) && !name.endsWith('Query')));
}

/** Adds to each operation the codes that any of its kind can give. */
function withAllErrors(items: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  const complete = (method: string, operation: ErringOperation): ErringOperation => ({
    ...operation,
    'x-usher-errors': errorsOf(method, operation),
  });
  return Object.fromEntries(
    Object.entries(items).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([key, value]: [string, unknown]) => [
          key,
          METHODS.has(key) ? complete(key, value as ErringOperation) : value,
        ]),
      ),
    ]),
  );
}

function paths(): ZodOpenApiPathsObject {
  return {
    ...sessionPaths(),
    ...peoplePaths(),
    ...auditPaths(),
    ...sitePaths(),
    ...devicePaths(),
    ...identifyPaths(),
    ...labelPaths(),
    ...claimPaths(),
    ...claimCodePaths(),
    ...manifestPaths(),
    ...imagePaths(),
    ...servicePaths(),
    ...tokenPaths(),
    ...trustPaths(),
    '/api/v1/openapi.json': {
      get: operation({
        operationId: 'getOpenApi',
        role: 'viewer',
        summary: 'This document',
        reply: z.looseObject({ openapi: z.string() }),
        replyExample: { openapi: '3.1.1' },
        open: true,
      }),
    },
  };
}

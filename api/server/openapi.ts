import type { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import * as schemas from '../core/schemas.ts';

const VERSION = '1';
const JSON_TYPE = 'application/json';

interface Operation {
  summary: string;
  /** Status of success; 200 unless given. 204 has no body. */
  status?: '200' | '201' | '204';
  request?: z.ZodType;
  reply?: z.ZodType;
  replyType?: string;
  description?: string;
  /** Anybody may call it. */
  open?: true;
}

/** The OpenAPI 3.1 document of the operators' API, made from its schemas. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const document = {
    openapi: '3.1.1',
    info: {
      title: "Usher: the operators' API",
      version: VERSION,
      description:
        'Browsers sign in with a one-time code and send X-Usher-CSRF with every change; programs send the API token of cli.json.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        apiToken: { type: 'http', scheme: 'bearer', description: 'The token of cli.json in the state folder' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-usher', description: 'Made by POST /api/v1/session' },
      },
    },
    security: [{ apiToken: [] }, { session: [] }],
    paths: paths(),
  } satisfies ZodOpenApiObject;
  // Requests and replies of one name have one shape: no second schema with a suffix.
  return createDocument(document, { outputIdSuffix: '' });
}

function namedSchemas(): Record<string, z.ZodType> {
  const { ErrorReply, SessionView, SignIn, SignInCode, SiteView, DeviceView, DeviceList, DecisionRequest } = schemas;
  const { ReplacementRequest, RevocationView, StoryView, AlarmView, AlarmList, ClusterCaView } = schemas;
  const { NewClaim, ClaimChange, ClaimView, ClaimList, NewToken, TokenView, TokenList, CreatedToken, LiveEvent } =
    schemas;
  return {
    ...{ ErrorReply, SessionView, SignIn, SignInCode, SiteView, DeviceView, DeviceList, DecisionRequest },
    ...{ ReplacementRequest, RevocationView, StoryView, AlarmView, AlarmList, ClusterCaView },
    ...{ NewClaim, ClaimChange, ClaimView, ClaimList, NewToken, TokenView, TokenList, CreatedToken, LiveEvent },
  };
}

function paths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/session': {
      get: operation({ summary: 'Whether this browser is signed in', reply: schemas.SessionView, open: true }),
      post: operation({
        summary: 'Sign in with a one-time code',
        request: schemas.SignIn,
        reply: schemas.SessionView,
        open: true,
      }),
      delete: operation({ summary: 'Sign out', status: '204' }),
    },
    '/api/v1/sign-in-codes': {
      post: operation({ summary: 'A new one-time code (API token only)', status: '201', reply: schemas.SignInCode }),
    },
    '/api/v1/site': { get: operation({ summary: 'The appliance and its Kubernetes', reply: schemas.SiteView }) },
    '/api/v1/events': {
      get: operation({
        summary: 'What happens, as it happens',
        reply: schemas.LiveEvent,
        replyType: 'text/event-stream',
        description:
          'Each event has the schema as its data, and an id that grows by one. A snapshot and the alarms come first; with Last-Event-ID only what came after that event, as long as it is still known.',
      }),
    },
    '/api/v1/alarms': {
      get: operation({ summary: 'What a person must judge', reply: schemas.AlarmList }),
    },
    '/api/v1/alarms/{id}': {
      parameters: [parameter('id', 'Id of the alarm')],
      delete: operation({ summary: 'Say that somebody judged it', status: '204' }),
    },
    '/api/v1/cluster-ca': {
      get: operation({
        summary: "The cluster's CA: who holds a certificate of it and should not, and how to rotate it",
        reply: schemas.ClusterCaView,
      }),
    },
    ...devicePaths(),
    ...claimPaths(),
    ...tokenPaths(),
    '/api/v1/openapi.json': {
      get: { summary: 'This document', security: [], responses: { 200: { description: 'An OpenAPI 3.1 document' } } },
    },
  };
}

function devicePaths(): ZodOpenApiPathsObject {
  const id = parameter('id', 'Full or shortened id, mac:…, MAC address, serial, node name or host name');
  return {
    '/api/v1/devices': {
      get: operation({ summary: 'Everything that is or could become a node', reply: schemas.DeviceList }),
    },
    '/api/v1/devices/{id}': {
      parameters: [id],
      get: operation({ summary: 'One device', reply: schemas.DeviceView }),
    },
    '/api/v1/devices/{id}/story': {
      parameters: [id],
      get: operation({ summary: 'What happened to a device, oldest first', reply: schemas.StoryView }),
    },
    '/api/v1/devices/{id}/replacement': {
      parameters: [id],
      post: operation({
        summary: 'Let another device take the place of this one: its claim, node name and labels',
        request: schemas.ReplacementRequest,
        reply: schemas.DeviceView,
      }),
    },
    '/api/v1/devices/{id}/revocation': {
      parameters: [id],
      get: operation({
        summary: 'What revoking this device would stop, and what would be left to whoever holds it',
        reply: schemas.RevocationView,
      }),
    },
    '/api/v1/devices/{id}/decision': {
      parameters: [id],
      post: operation({
        summary: 'Reject, ignore, revoke, reconsider or retry a device',
        request: schemas.DecisionRequest,
        reply: schemas.DeviceView,
      }),
    },
  };
}

function claimPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/claims': {
      get: operation({ summary: 'All claims', reply: schemas.ClaimList }),
      post: operation({
        summary: 'Claim a device',
        status: '201',
        request: schemas.NewClaim,
        reply: schemas.ClaimView,
      }),
    },
    '/api/v1/claims/{name}': {
      parameters: [parameter('name', 'Name of the claim')],
      get: operation({ summary: 'One claim', reply: schemas.ClaimView }),
      patch: operation({
        summary: 'Change labels, taints, pair or policy; each given field replaces what was there',
        request: schemas.ClaimChange,
        reply: schemas.ClaimView,
      }),
      delete: operation({ summary: 'Delete a claim', status: '204' }),
    },
  };
}

function tokenPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/enrol-tokens': {
      get: operation({ summary: 'All enrol tokens, without their secrets', reply: schemas.TokenList }),
      post: operation({
        summary: 'Make an enrol token; its reply is the only time the token is shown',
        status: '201',
        request: schemas.NewToken,
        reply: schemas.CreatedToken,
      }),
    },
    '/api/v1/enrol-tokens/{tokenId}': {
      parameters: [parameter('tokenId', 'Public part of the token')],
      delete: operation({ summary: 'Revoke an enrol token', status: '204' }),
    },
  };
}

function parameter(
  name: string,
  description: string,
): { in: 'path'; name: string; required: true; description: string; schema: { type: 'string' } } {
  return { in: 'path', name, required: true, description, schema: { type: 'string' } };
}

function operation(wanted: Operation): ZodOpenApiOperationObject {
  const { summary, description, status = '200', request, reply, replyType = JSON_TYPE } = wanted;
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(wanted.open === true ? { security: [] } : {}),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: request } } } }),
    responses: {
      [status]:
        reply === undefined
          ? { description: 'Done' }
          : { description: 'Done', content: { [replyType]: { schema: reply } } },
      default: {
        description: 'Refused: a permanent code, what happened, and what to do',
        content: { [JSON_TYPE]: { schema: schemas.ErrorReply } },
      },
    },
  };
}

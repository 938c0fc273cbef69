import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { DEVICE, DEVICE_ID, SITE } from './examples.ts';
import { operation, parameter } from './operation.ts';

const STREAM = `Server-sent events (WHATWG HTML, section 9.2). Each event has an \`id\` that grows by one and, as its \`data\`, \
one JSON object of this schema; its \`type\` says what it is. There is no \`event\` field.

* \`snapshot\`: all devices and claims. Comes first, and whenever a resume cannot be bridged: forget what you knew.
* \`device\`, \`claim\`: one is new or has changed; it replaces what you had by that id or name.
* \`device-removed\`, \`claim-removed\`: one is gone.
* \`site\`: the appliance has changed.
* \`alarms\`: all of them, after the snapshot and with each change.

To resume, send the last id as \`Last-Event-ID\`: what came since is sent, of each thing the newest. The appliance keeps the \
last 1024 events; a client that is slower than they come gets, of each thing, the newest only. A comment every 15 seconds \
shows that the connection lives. The stream ends with the session. Types that you do not know are to be passed over.`;

const ALARM = {
  ...{
    id: 'password/lathe-left',
    code: 'NODE_PASSWORD_UNEXPECTED',
    since: '2026-03-01T08:00:00Z',
    nodeName: 'lathe-left',
  },
  ...{ message: 'Somebody set a password for node lathe-left', remedy: 'Look whether a backup was restored.' },
};

/** The site as a whole: what it is, what happens, what a person must judge. */
export function sitePaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/site': {
      get: operation({
        operationId: 'getSite',
        role: 'viewer',
        summary: 'The appliance and its Kubernetes',
        reply: schemas.SiteView,
        replyExample: SITE,
      }),
    },
    '/api/v1/events': {
      get: operation({
        operationId: 'followEvents',
        role: 'viewer',
        summary: 'What happens, as it happens',
        description: STREAM,
        reply: schemas.LiveEvent,
        replyExample: { type: 'device', device: DEVICE },
        replyType: 'text/event-stream',
        headers: { 'Last-Event-ID': 'Id of the last event that you have' },
      }),
    },
    ...alarmPaths(),
    '/api/v1/cluster-ca': {
      get: operation({
        operationId: 'getClusterCa',
        role: 'viewer',
        summary: "The cluster's CA: who holds a certificate of it and should not, and how to rotate it",
        reply: schemas.ClusterCaView,
        replyExample: {
          ...{ notBefore: '2026-03-01T00:00:00Z', notAfter: '2036-02-27T00:00:00Z' },
          revoked: [{ device: DEVICE_ID, nodeName: 'lathe-left' }],
          steps: [{ what: 'Make a new CA', command: 'k3s certificate rotate-ca' }],
        },
        errors: ['KUBE_UNREACHABLE', 'KUBE_FAILED'],
      }),
    },
  };
}

function alarmPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/alarms': {
      get: operation({
        operationId: 'listAlarms',
        role: 'viewer',
        summary: 'What a person must judge',
        reply: schemas.AlarmList,
        replyExample: { items: [ALARM] },
      }),
    },
    '/api/v1/alarms/{id}': {
      parameters: [parameter('id', 'Id of the alarm')],
      delete: operation({
        operationId: 'dismissAlarm',
        role: 'claimer',
        summary: 'Say that somebody judged it',
        status: '204',
        errors: ['ALARM_UNKNOWN'],
      }),
    },
  };
}

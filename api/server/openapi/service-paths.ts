import type { ZodOpenApiPathsObject } from 'zod-openapi';
import type { ErrorCode } from '../../../foundation/error-catalogue.ts';
import * as schemas from '../../core/schemas.ts';
import { operation, parameter } from './operation.ts';

const SERVICE: schemas.SensorServiceView = {
  ...{ namespace: 'hall', name: 'vibration', type: 'Sensor', image: 'usher.internal/lathe-vibration:1' },
  ...{ nodeSelector: { machine: 'lathe' }, isReady: true, message: 'active in left (pi-a)', warnings: [] },
  ...{ mode: 'Lease', onControlPlaneLoss: 'Safe', devices: ['/dev/ttyUSB0'] },
  deviceRules: [{ path: '/dev/ttyUSB0' }],
  ...{ publishes: ['hall/{unit}/vibration'], subscribes: [] },
  outside: [],
  units: [
    {
      name: 'left',
      active: { node: 'pi-a', epoch: 4, since: '2026-03-01T08:01:12Z' },
      lastHandover: { time: '2026-03-01T08:01:12Z', from: 'pi-b', to: 'pi-a', reason: 'Released' },
      instances: [
        { node: 'pi-a', unit: 'left', state: 'Active' },
        { node: 'pi-b', unit: 'left', state: 'Standby' },
      ],
      problems: [],
      lease: {
        ...{ name: 'vibration.left', holder: 'pi-a', epoch: 4 },
        candidates: [
          { node: 'pi-a', isReady: true },
          { node: 'pi-b', isReady: true },
        ],
      },
    },
  ],
};

const MOVE: readonly ErrorCode[] = [
  ...(['SERVICE_UNKNOWN', 'SERVICE_UNIT_UNKNOWN', 'SERVICE_NODE_NO_CANDIDATE', 'SERVICE_NODE_NOT_READY'] as const),
  ...(['SERVICE_ALREADY_ACTIVE', 'KUBE_UNREACHABLE', 'KUBE_FAILED', 'KUBE_NOT_FOUND'] as const),
];

/** Sensor services: where they run, why not, and who is active. */
export function servicePaths(): ZodOpenApiPathsObject {
  const service = [
    parameter('namespace', 'Namespace of the SensorService'),
    parameter('name', 'Name of the SensorService'),
  ];
  const unit = [...service, parameter('unit', 'Name of the pair, or of the node where its claim has no pair')];
  return {
    '/api/v1/services': {
      get: operation({
        operationId: 'listServices',
        role: 'viewer',
        summary: 'All sensor services by name, with where they run and why not',
        reply: schemas.SensorServiceList,
        replyExample: { items: [SERVICE] },
      }),
    },
    '/api/v1/services/{namespace}/{name}': {
      parameters: service,
      get: operation({
        operationId: 'getService',
        role: 'viewer',
        summary: 'One sensor service',
        reply: schemas.SensorServiceView,
        replyExample: SERVICE,
        errors: ['SERVICE_UNKNOWN'],
      }),
    },
    '/api/v1/services/{namespace}/{name}/units/{unit}/handover': {
      parameters: unit,
      post: operation({
        operationId: 'handOverUnit',
        role: 'claimer',
        summary: 'Ask the active node of a unit to stop, and another one to go on; the reply comes before it is done',
        status: '202',
        request: schemas.HandoverRequest,
        requestExample: { to: 'pi-b' },
        reply: schemas.SensorServiceView,
        replyExample: SERVICE,
        errors: [...MOVE, 'SERVICE_UNIT_IDLE'],
      }),
    },
    '/api/v1/services/{namespace}/{name}/units/{unit}/takeover': {
      parameters: unit,
      post: operation({
        operationId: 'takeOverUnit',
        role: 'admin',
        fresh: true,
        summary:
          'Vouch that the silent holder of a unit (HoldLast) is off, so that another node may take over; if it is not, two drive at once',
        status: '202',
        request: schemas.TakeoverRequest,
        requestExample: { to: 'pi-b', vouched: true, epoch: 4 },
        reply: schemas.SensorServiceView,
        replyExample: SERVICE,
        errors: [...MOVE, 'TAKEOVER_NOT_NEEDED', 'PRECONDITION_FAILED'],
      }),
    },
  };
}

import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { IdentifyRequest, IdentifyView } from '../../core/schemas/identify.ts';
import { operation, parameter } from './operation.ts';

/** Which of these boards is it? */
export function identifyPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/devices/{id}/identify': {
      parameters: [parameter('id', 'Full or shortened id, mac:…, MAC address, serial, node name or host name')],
      post: operation({
        operationId: 'identifyDevice',
        role: 'claimer',
        summary: 'Blink the LED of a device and show two words on its console; answers when it has begun',
        request: IdentifyRequest,
        requestExample: { seconds: 30 },
        reply: IdentifyView,
        replyExample: { words: 'amber otter', until: '2026-01-01T00:00:30.000Z', how: 'Agent' },
        errors: ['DEVICE_UNKNOWN', 'DEVICE_AMBIGUOUS', 'DEVICE_WITHOUT_KEY', 'IDENTIFY_RUNNING', 'IDENTIFY_UNHEARD'],
      }),
    },
  };
}

import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation } from './operation.ts';

/** Who vouches for the page. */
export function trustPaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/page-certificate': {
      get: operation({
        operationId: 'getPageCertificate',
        role: 'viewer',
        summary: 'Who vouches for this page, and until when',
        description:
          'Without signing in, /trust tells how to trust the authority and gives its certificate. `trouble` is there while the certificate of --tls-cert or --acme-directory cannot be had.',
        reply: schemas.PageCertificateView,
        replyExample: {
          issuer: 'SiteCa',
          caFingerprint: '3f2a91bc'.repeat(8),
          notAfter: '2027-12-24T08:00:00.000Z',
          names: ['localhost', 'usher.local', '192.168.8.1'],
        },
      }),
    },
  };
}

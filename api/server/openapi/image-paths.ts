import type { ZodOpenApiPathsObject } from 'zod-openapi';
import * as schemas from '../../core/schemas.ts';
import { operation, parameter } from './operation.ts';

const IMAGE: schemas.SiteImage = {
  name: 'usher.internal/lathe-vibration:1',
  digest: 'sha256:5a1c6b1d1b1f6e9a4f8a0f2d8a0d8c4b9d1f4c1c9d4d3ef0c9f6a9f1e0b7c2d3',
  platforms: ['linux/amd64', 'linux/arm64'],
  bytes: 97_068_032,
  loadedAt: '2026-01-01T00:00:00Z',
};

/** The container images that the site has for its nodes. */
export function imagePaths(): ZodOpenApiPathsObject {
  return {
    '/api/v1/oci/images': {
      get: operation({
        operationId: 'listOciImages',
        role: 'viewer',
        summary: 'The container images that nodes get from here',
        reply: schemas.SiteImageList,
        replyExample: { items: [IMAGE] },
      }),
      post: operation({
        operationId: 'loadOciImages',
        role: 'admin',
        summary: 'Bring the images of an archive (OCI layout, or of docker save) to the site; the body is the file',
        status: '201',
        query: schemas.LoadImagesQuery,
        requestFile: schemas.ARCHIVE_TYPES,
        reply: schemas.SiteImageList,
        replyExample: { items: [IMAGE] },
        errors: [
          ...(['OCI_NOT_AN_ARCHIVE', 'OCI_ARCHIVE_INVALID', 'OCI_DIGEST_MISMATCH', 'OCI_TOO_LARGE'] as const),
          ...(['OCI_PLATFORM_UNSUPPORTED', 'OCI_NAME_MISSING', 'OCI_NAME_INVALID', 'DISK_FULL'] as const),
        ],
      }),
    },
    '/api/v1/oci/images/{name}': {
      parameters: [parameter('name', 'host/repository:tag, its slashes as %2F')],
      delete: operation({
        operationId: 'removeOciImage',
        role: 'admin',
        summary: 'Take an image off the site; nodes that have it keep it',
        status: '204',
        errors: ['OCI_IMAGE_UNKNOWN', 'OCI_NAME_INVALID'],
      }),
    },
  };
}

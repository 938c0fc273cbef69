import type { CatalogueEntry } from './entry.ts';

/** What can go wrong while container images are built, brought to the site, or fetched by nodes. */
export const IMAGE_ERRORS = {
  OCI_NOT_AN_ARCHIVE: {
    http: 400,
    message: 'This is no archive of container images: {detail}',
    remedy: 'Give what npm run images, buildah push oci-archive:… or docker save wrote (a .tar, or a .tar.gz of it).',
  },
  OCI_ARCHIVE_INVALID: {
    http: 400,
    message: 'The archive of images cannot be used: {detail}',
    remedy: 'Write the archive again with the program that made it, and load that.',
  },
  OCI_DIGEST_MISMATCH: {
    http: 400,
    message: 'The content of {path} is not what its digest says',
    remedy: 'The archive was damaged on its way: copy or write it again, and load that.',
  },
  OCI_TOO_LARGE: {
    http: 413,
    message: 'The archive is too large: {detail}',
    remedy: 'Load fewer images at once, or make the image smaller.',
  },
  OCI_PLATFORM_UNSUPPORTED: {
    http: 400,
    message: 'The image {name} is for {platforms}; nodes need linux/arm64, linux/amd64 or linux/arm',
    remedy: 'Build the image for linux/arm64 (and linux/amd64 for a master or the lab), and load that.',
  },
  OCI_NAME_MISSING: {
    http: 400,
    message: 'The archive does not say what its image is called: {detail}',
    remedy: 'Load it with --name HOST/NAME:TAG, for instance usher.internal/my-sensor:1.',
  },
  OCI_NAME_INVALID: {
    http: 400,
    message: '{name} is no name of a container image',
    remedy: 'A name is HOST/NAME:TAG, in lower case, for instance usher.internal/my-sensor:1.',
  },
  OCI_IMAGE_UNKNOWN: {
    http: 404,
    message: 'The site has no image {name}',
    remedy: 'usher oci list shows those it has; usher oci load brings one.',
  },
  OCI_SOURCE_MISSING: {
    http: 500,
    message: 'The image {name} cannot be built: {detail}',
    remedy: 'Correct the description of the image, or the file it names.',
  },
} as const satisfies Record<string, CatalogueEntry>;

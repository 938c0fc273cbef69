import type { CatalogueEntry } from './entry.ts';

/** What the Kubernetes API answers, translated where it comes in. */
export const KUBERNETES_ERRORS = {
  KUBE_NOT_FOUND: {
    http: 404,
    message: '{kind} {name} does not exist',
    remedy: 'Check the name; it may have been deleted meanwhile.',
  },
  KUBE_ALREADY_EXISTS: {
    http: 409,
    message: '{kind} {name} exists already',
    remedy: 'Choose another name, or change the existing one.',
  },
  KUBE_CONFLICT: {
    http: 409,
    message: '{kind} {name} was changed by somebody else meanwhile',
    remedy: 'Read it again and repeat the change.',
  },
  KUBE_INVALID: {
    http: 422,
    message: 'Kubernetes refused {kind} {name}: {detail}',
    remedy: 'Correct the field that the message names.',
  },
  KUBE_FORBIDDEN: {
    http: 403,
    message: 'Kubernetes does not allow this for {kind} {name}: {detail}',
    remedy: 'A role or an admission policy forbids it; the detail names which.',
  },
  KUBE_UNREACHABLE: {
    http: 503,
    message: 'The Kubernetes API cannot be reached: {detail}',
    remedy: 'It is tried again by itself; if it lasts, look at k3s.log in the state folder.',
  },
  KUBE_FAILED: {
    http: 502,
    message: 'Kubernetes answered {status} for {kind} {name}: {detail}',
    remedy: 'The detail is what Kubernetes said itself.',
  },
} as const satisfies Record<string, CatalogueEntry>;

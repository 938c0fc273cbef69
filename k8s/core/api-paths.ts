import { UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';
import type { Kind, KubeObject } from './resources.ts';

/** Segments that a URL resolves away, however they are encoded: of `a/..` the API server would see `/`. */
const NO_SEGMENTS = ['', '.', '..'];
const LONGEST_SHOWN = 64;

/**
 * Path of a kind's collection in the Kubernetes API, for instance `/api/v1/namespaces/kube-system/secrets`. Without
 * `namespace` a namespaced kind's collection spans all namespaces.
 */
export function collectionPath<T extends KubeObject>(kind: Kind<T>, namespace?: string): string {
  const group = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${segment(kind, namespace)}` : '';
  return `${group}${scope}/${kind.plural}`;
}

/**
 * Path of one object, or of one of its subresources.
 * @throws UsherError KUBE_INVALID for a name that would make it the path of something else
 */
export function objectPath<T extends KubeObject>(
  kind: Kind<T>,
  name: { name: string; namespace?: string },
  subresource?: string,
): string {
  const path = `${collectionPath(kind, name.namespace)}/${segment(kind, name.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A lone surrogate cannot be encoded at all. */
function segment<T extends KubeObject>({ kind }: Kind<T>, name: string): string {
  if (!NO_SEGMENTS.includes(name) && name.isWellFormed()) return encodeURIComponent(name);
  throw new UsherError('KUBE_INVALID', { kind, name: printable(name, LONGEST_SHOWN), detail: 'it cannot be a name' });
}

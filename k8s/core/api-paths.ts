import type { Kind, KubeObject } from './resources.ts';

/**
 * Path of a kind's collection in the Kubernetes API, for instance `/api/v1/namespaces/kube-system/secrets`. Without
 * `namespace` a namespaced kind's collection spans all namespaces.
 */
export function collectionPath<T extends KubeObject>(kind: Kind<T>, namespace?: string): string {
  const group = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${group}${scope}/${kind.plural}`;
}

/** Path of one object, or of one of its subresources. */
export function objectPath<T extends KubeObject>(
  kind: Kind<T>,
  name: { name: string; namespace?: string },
  subresource?: string,
): string {
  const path = `${collectionPath(kind, name.namespace)}/${encodeURIComponent(name.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

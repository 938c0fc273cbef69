import type { KubeObject } from './resources.ts';

export interface ObjectChange<T extends KubeObject> {
  type: 'added' | 'updated' | 'deleted';
  object: T;
}

/**
 * The objects of one watch by namespace and name. Each method gives what changed; an object that was deleted and made
 * anew meanwhile (another uid under the same name) is a deletion and an addition.
 */
export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  get(name: string, namespace?: string): T | undefined {
    return this.#objects.get(keyOf(name, namespace));
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  /** Takes over a complete list; what it lacks is gone. */
  replaceAll(objects: readonly T[]): ObjectChange<T>[] {
    const listed = new Set(objects.map((object) => keyOfObject(object)));
    const gone = this.list().filter((object) => !listed.has(keyOfObject(object)));
    return [...gone.flatMap((object) => this.remove(object)), ...objects.flatMap((object) => this.put(object))];
  }

  put(object: T): ObjectChange<T>[] {
    const key = keyOfObject(object);
    const known = this.#objects.get(key);
    if (known !== undefined && known.metadata.uid === object.metadata.uid) {
      if (known.metadata.resourceVersion === object.metadata.resourceVersion) return [];
      this.#objects.set(key, object);
      return [{ type: 'updated', object }];
    }
    this.#objects.set(key, object);
    const added: ObjectChange<T> = { type: 'added', object };
    return known === undefined ? [added] : [{ type: 'deleted', object: known }, added];
  }

  remove(object: T): ObjectChange<T>[] {
    const key = keyOfObject(object);
    const known = this.#objects.get(key);
    if (known === undefined || known.metadata.uid !== object.metadata.uid) return [];
    this.#objects.delete(key);
    return [{ type: 'deleted', object }];
  }
}

function keyOfObject(object: KubeObject): string {
  return keyOf(object.metadata.name, object.metadata.namespace);
}

function keyOf(name: string, namespace?: string): string {
  return `${namespace ?? ''}/${name}`;
}

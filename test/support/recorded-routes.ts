import { Router } from 'express';
import { vi } from 'vitest';

export interface RecordedRoute {
  /** `/api/v1/devices/{id}`, as OpenAPI writes it. */
  path: string;
  /** Lower case. */
  method: string;
}

interface RouteLike {
  readonly methods: Readonly<Record<string, boolean>>;
}

/** Runs `build` and gives every route that was registered with Express meanwhile, with the paths of its routers. */
export async function recordRoutes<T>(build: () => Promise<T>): Promise<{ result: T; routes: RecordedRoute[] }> {
  const prototype = Router.prototype as Pick<Router, 'route' | 'use'>;
  const made: { owner: unknown; path: string; route: RouteLike }[] = [];
  const mounted: { parent: unknown; path: string; child: unknown }[] = [];
  const { route: originalRoute, use: originalUse } = prototype;
  const route = vi.spyOn(prototype, 'route').mockImplementation(function (this: Router, path) {
    const fresh = originalRoute.call(this, path);
    made.push({ owner: this, path: String(path), route: fresh as unknown as RouteLike });
    return fresh;
  });
  const use = vi.spyOn(prototype, 'use').mockImplementation(function (this: Router, ...given: unknown[]) {
    const path = typeof given[0] === 'string' ? given[0] : '/';
    for (const child of given.flat()) if (typeof child === 'function') mounted.push({ parent: this, path, child });
    return Reflect.apply(originalUse, this, given) as Router;
  });
  try {
    const result = await build();
    const prefixOf = (router: unknown): string => {
      const mount = mounted.find(({ child }) => child === router);
      return mount === undefined ? '' : prefixOf(mount.parent) + mount.path.replace(/\/$/, '');
    };
    const routes = made.flatMap(({ owner, path, route: { methods } }) =>
      Object.keys(methods).map((method) => ({ method, path: (prefixOf(owner) + path).replaceAll(/:(\w+)/g, '{$1}') })),
    );
    return { result, routes };
  } finally {
    route.mockRestore();
    use.mockRestore();
  }
}

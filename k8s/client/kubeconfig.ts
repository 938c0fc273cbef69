import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
// The library's other modules bring the code of every Kubernetes kind with them: 70 MB of memory.
import { type Cluster, newClusters, newUsers, type User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { z } from 'zod';

/** What of a kubeconfig is in force: the cluster and the user of its current context. */
export interface CurrentContext {
  readonly cluster: Cluster;
  readonly user: User;
}

const Kubeconfig = z.looseObject({
  'current-context': z.string(),
  clusters: z.array(z.unknown()),
  users: z.array(z.unknown()),
  contexts: z.array(
    z.looseObject({ name: z.string(), context: z.looseObject({ cluster: z.string(), user: z.string() }) }),
  ),
});

/**
 * Reads a kubeconfig (its form: kubectl's `clientcmd.Config`, v1). Paths in it are relative to its own folder.
 * @throws when it is not one, or its current context names nothing
 */
export function currentContext(text: string, folder: string): CurrentContext {
  const config = Kubeconfig.parse(parse(text));
  const name = config['current-context'];
  const context = config.contexts.find((one) => one.name === name)?.context;
  const cluster = newClusters(config.clusters).find((one) => one.name === context?.cluster);
  const user = newUsers(config.users).find((one) => one.name === context?.user);
  if (cluster === undefined || user === undefined) {
    throw new TypeError(`the current context ${name} names no cluster or no user`);
  }
  const paths = {
    caFile: absolute(cluster.caFile, folder),
    certFile: absolute(user.certFile, folder),
    keyFile: absolute(user.keyFile, folder),
  };
  return {
    cluster: { ...cluster, ...given('caFile', paths.caFile) },
    user: { ...user, ...given('certFile', paths.certFile), ...given('keyFile', paths.keyFile) },
  };
}

/** The context of the kubeconfig file at `path`. */
export function readContext(path: string): CurrentContext {
  return currentContext(readFileSync(path, 'utf8'), dirname(path));
}

/** True when getting in takes more than a certificate, a token or a password: a program to run, a provider, a proxy. */
export function needsLibrary({ cluster, user }: CurrentContext): boolean {
  return [cluster.proxyUrl, user.exec, user.authProvider].some((part) => part !== undefined && part !== null);
}

/** What a kubeconfig gives as base64 or names as a file; undefined when it does neither. */
export function inlineOrFile(data: string | undefined | null, file: string | undefined | null): Buffer | undefined {
  if (typeof file === 'string' && file !== '') return readFileSync(file);
  return typeof data === 'string' && data !== '' ? Buffer.from(data, 'base64') : undefined;
}

function absolute(path: string | undefined, folder: string): string | undefined {
  return typeof path === 'string' && path !== '' ? resolve(folder, path) : undefined;
}

function given(name: string, value: string | undefined): object {
  return value === undefined ? {} : { [name]: value };
}

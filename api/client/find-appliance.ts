import { readFileSync, statSync } from 'node:fs';
import { CLI_FILE_NAME, CliFile } from '../core/cli-file.ts';
import { hasErrno, messageOf, UsherError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';

/** Where an appliance is and how to be an operator of it. */
export interface Appliance {
  /** For instance `https://127.0.0.1:8443`, without a path. */
  url: string;
  /** The certificate authority to pin. */
  caPem: string;
  token: Secret;
  kubeconfig?: string;
  k3s?: string;
}

export interface FindOptions {
  /** `--server`: wins over every other place. */
  server?: string | undefined;
  /** `--token-file`: a `cli.json`. */
  tokenFile?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Files to look at when nothing is named; the newest that exists counts. */
  usualFiles?: readonly string[];
}

const USUAL_FILES = [`/var/lib/usher/${CLI_FILE_NAME}`, `/var/lib/usher-lab/lab/${CLI_FILE_NAME}`];

/**
 * The appliance that is meant: by flag, by USHER_SERVER and USHER_TOKEN_FILE, or the one last started on this machine.
 * @throws UsherError APPLIANCE_NOT_FOUND, NEEDS_ROOT (the file may not be read), CONFIG_INVALID (it is not a cli.json)
 */
export function findAppliance(options: FindOptions): Appliance {
  const named = options.tokenFile ?? nonEmpty(options.env['USHER_TOKEN_FILE']);
  const path = named ?? newest(options.usualFiles ?? USUAL_FILES);
  if (path === undefined) throw new UsherError('APPLIANCE_NOT_FOUND');
  const file = readCliFile(path);
  const server = options.server ?? nonEmpty(options.env['USHER_SERVER']);
  return {
    url: originOf(server ?? file.url),
    caPem: file.caPem,
    token: new Secret(file.token),
    ...(file.kubeconfig === undefined ? {} : { kubeconfig: file.kubeconfig }),
    ...(file.k3s === undefined ? {} : { k3s: file.k3s }),
  };
}

function newest(paths: readonly string[]): string | undefined {
  return paths
    .flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, mtimeMs: stat.mtimeMs }];
    })
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .at(0)?.path;
}

function readCliFile(path: string): CliFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM')) {
      throw new UsherError('NEEDS_ROOT', { what: `Reading ${path}` }, { cause: error });
    }
    throw new UsherError('CONFIG_INVALID', { detail: messageOf(error) }, { cause: error });
  }
  try {
    return CliFile.parse(JSON.parse(text));
  } catch (error) {
    throw new UsherError('CONFIG_INVALID', { detail: `${path} is not the cli.json of an appliance` }, { cause: error });
  }
}

function originOf(server: string): string {
  const text = server.includes('://') ? server : `https://${server}`;
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') {
    throw new UsherError('CONFIG_INVALID', { detail: `${server} is not an https address of an appliance` });
  }
  return url.origin;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

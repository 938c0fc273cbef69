import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, UsherError } from '../../foundation/errors.ts';

const run = promisify(execFile);

export interface K3sVersion {
  /** For instance `v1.36.3+k3s1`. */
  version: string;
  /** What it really is, when it says that it is not k3s: to be shown wherever it runs. */
  standIn?: string;
}

/**
 * Asks a k3s binary what it is.
 * @throws UsherError K3S_NOT_EXECUTABLE
 */
export async function inspectK3s(path: string): Promise<K3sVersion> {
  let output: string;
  try {
    ({ stdout: output } = await run(path, ['--version'], { timeout: 30_000 }));
  } catch (error) {
    throw new UsherError('K3S_NOT_EXECUTABLE', { path, detail: messageOf(error) }, { cause: error });
  }
  const version = parseVersion(output);
  if (version === undefined) {
    throw new UsherError('K3S_NOT_EXECUTABLE', { path, detail: 'it does not say which version of k3s it is' });
  }
  return version;
}

/** Reads `k3s version v1.36.3+k3s1 (<commit>)`; what is no commit in the brackets says what stands in for k3s. */
export function parseVersion(output: string): K3sVersion | undefined {
  const [, version, note] = /^k3s version (v\S+)(?: \((.*)\))?\s*$/m.exec(output) ?? [];
  if (version === undefined) return undefined;
  return note === undefined || /^[0-9a-f]{7,40}$/.test(note) ? { version } : { version, standIn: note };
}

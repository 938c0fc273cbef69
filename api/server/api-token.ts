import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasErrno, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import { writePrivateFile } from '../../k8s/k3s/private-file.ts';
import { CLI_FILE_NAME, CliFile } from '../core/cli-file.ts';

const TOKEN_BYTES = 32;

/** The API token of the command line: made once, kept in `cli.json` (mode 0600), the same after a restart. */
export class ApiToken {
  readonly #path: string;
  readonly #token: Secret;
  readonly #hash: Buffer;

  private constructor(path: string, token: Secret) {
    this.#path = path;
    this.#token = token;
    this.#hash = hashOf(token.reveal());
  }

  /**
   * Reads the token of the last start, or makes one.
   * @throws UsherError CONFIG_INVALID when the file is there but cannot be read, or is not what was written
   */
  static async open(stateDir: string, random: Random): Promise<ApiToken> {
    const path = join(stateDir, CLI_FILE_NAME);
    const before = await readToken(path);
    return new ApiToken(path, before ?? new Secret(Buffer.from(random.bytes(TOKEN_BYTES)).toString('base64url')));
  }

  /** Whether this Authorization header carries the token (RFC 6750). */
  isIn(authorization: string | undefined): boolean {
    const [, token] = /^Bearer ([\w-]{1,256})$/.exec(authorization ?? '') ?? [];
    return token !== undefined && timingSafeEqual(hashOf(token), this.#hash);
  }

  /** Writes `cli.json` for the command line. @throws UsherError CONFIG_INVALID when the folder cannot be written */
  async publish(file: Omit<CliFile, 'token'>): Promise<void> {
    const text = `${JSON.stringify({ ...file, token: this.#token.reveal() } satisfies CliFile, undefined, 2)}\n`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writePrivateFile(this.#path, text);
    } catch (error) {
      throw new UsherError('CONFIG_INVALID', { detail: messageOf(error) }, { cause: error });
    }
  }
}

async function readToken(path: string): Promise<Secret | undefined> {
  try {
    return new Secret(CliFile.parse(JSON.parse(await readFile(path, 'utf8'))).token);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    // A new token would lock out every machine that has a copy of this one: deleting the file is for people.
    throw new UsherError('CONFIG_INVALID', { detail: `${path}: ${messageOf(error)}` }, { cause: error });
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

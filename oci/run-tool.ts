import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasErrno, messageOf, UsherError } from '../foundation/errors.ts';

const run = promisify(execFile);
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Runs a program of this machine to its end and gives what it printed.
 * @param debianPackage what to install when the program is missing
 * @throws UsherError TOOL_MISSING, TOOL_FAILED with the end of what it said
 */
export async function runTool(
  tool: string,
  args: readonly string[],
  { debianPackage, cwd }: { debianPackage: string; cwd?: string },
): Promise<Buffer> {
  try {
    const options = { encoding: 'buffer', maxBuffer: MOST_BYTES, ...(cwd === undefined ? {} : { cwd }) } as const;
    return (await run(tool, [...args], options)).stdout;
  } catch (error) {
    if (hasErrno(error, 'ENOENT'))
      throw new UsherError('TOOL_MISSING', { tool, package: debianPackage }, { cause: error });
    throw new UsherError('TOOL_FAILED', { tool, detail: messageOf(error).slice(-600) }, { cause: error });
  }
}

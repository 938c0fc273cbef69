import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasErrno, messageOf, UsherError } from '../../../foundation/errors.ts';

const TIMEOUT_MS = 60_000;

/** The device's service manager. Every call may be repeated. */
export interface Services {
  isActive(unit: string): Promise<boolean>;
  isEnabled(unit: string): Promise<boolean>;
  start(unit: string): Promise<void>;
  /** Asks for the start and does not wait for it. */
  startSoon(unit: string): Promise<void>;
  stop(unit: string): Promise<void>;
  restart(unit: string): Promise<void>;
  /** Asks for the restart and does not wait for it: the unit may have to wait for the very one that asks. */
  restartSoon(unit: string): Promise<void>;
  enable(unit: string): Promise<void>;
  disable(unit: string): Promise<void>;
}

/** systemd by `systemctl`, found on PATH. Calls throw UsherError TOOL_MISSING or TOOL_FAILED. */
export const systemd: Services = {
  isActive: (unit) => succeeds('is-active', '--quiet', unit),
  isEnabled: (unit) => succeeds('is-enabled', '--quiet', unit),
  start: (unit) => run('systemctl', ['start', unit]),
  startSoon: (unit) => run('systemctl', ['start', '--no-block', unit]),
  stop: (unit) => run('systemctl', ['stop', unit]),
  restart: (unit) => run('systemctl', ['restart', unit]),
  restartSoon: (unit) => run('systemctl', ['restart', '--no-block', unit]),
  enable: (unit) => run('systemctl', ['enable', '--quiet', unit]),
  disable: (unit) => run('systemctl', ['disable', '--quiet', unit]),
};

async function succeeds(...args: string[]): Promise<boolean> {
  try {
    await run('systemctl', args);
    return true;
  } catch (error) {
    if (error instanceof UsherError && error.code === 'TOOL_FAILED') return false;
    throw error;
  }
}

/** Runs a program to its end. @throws UsherError TOOL_MISSING, TOOL_FAILED */
export async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: TIMEOUT_MS });
  } catch (error) {
    if (hasErrno(error, 'ENOENT'))
      throw new UsherError('TOOL_MISSING', { tool: program, package: program }, { cause: error });
    throw new UsherError(
      'TOOL_FAILED',
      { tool: `${program} ${args.join(' ')}`, detail: messageOf(error) },
      { cause: error },
    );
  }
}

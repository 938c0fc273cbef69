import { execFile } from 'node:child_process';
import { crashReport } from '../foundation/crash.ts';
import type { Logger } from '../foundation/logger.ts';

const CRASHED = 70;
const PRLIMIT_LIMIT_MS = 5000;

/**
 * From now on a crash of this process leaves no copy of its memory: no core dump, no diagnostic report of Node, and of an
 * error that nobody caught only where it happened. Then the process ends, to be started anew by whoever supervises it.
 */
export function guardCrashes(logger: Logger): void {
  const { report } = process;
  report.reportOnFatalError = false;
  report.reportOnUncaughtException = false;
  report.reportOnSignal = false;
  forbidCoreDumps(logger);
  process.on('uncaughtException', (error, origin) => {
    const told = { origin, ...crashReport(error) };
    logger.error(told, 'the appliance crashed');
    // The log may be a file that is written a moment later, which there is not any more.
    process.stderr.write(`the appliance crashed: ${JSON.stringify(told)}\n`);
    process.exit(CRASHED);
  });
}

/** prlimit(1) of util-linux; a machine without it (OpenWrt) makes no core dumps by default. */
function forbidCoreDumps(logger: Logger): void {
  const args = ['--pid', String(process.pid), '--core=0:0'];
  execFile('prlimit', args, { timeout: PRLIMIT_LIMIT_MS }, (error) => {
    if (error !== null) logger.debug({ code: error.code }, 'core dumps could not be forbidden');
  });
}

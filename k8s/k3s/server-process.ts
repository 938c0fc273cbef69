import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { type Clock, sleep } from '../../foundation/clock.ts';
import { hasErrno, messageOf, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';

export interface ServerProcessOptions {
  /** Program and arguments. */
  command: readonly [string, ...string[]];
  env: NodeJS.ProcessEnv;
  /** Its output is appended here; beyond `maxLogBytes` the file becomes `<logPath>.1`. */
  logPath: string;
  maxLogBytes: number;
  /** Names the running process, so that a later appliance finds it again. */
  pidPath: string;
  clock: Clock;
  logger: Logger;
  /** Done before it is started, and not when a running one is taken over. */
  beforeLaunch?: () => Promise<void>;
}

/** How a process that ended says so: `exit code 1`, `signal SIGKILL`. */
export interface RunningProcess {
  readonly pid: number;
  /** True when an earlier appliance started it. */
  readonly adopted: boolean;
  readonly ended: Promise<string>;
}

const POLL_MS = 500;
const LOG_CHECK_MS = 30_000;

/**
 * Starts the process, or takes over the one that an appliance before this one left running: killing the appliance must
 * not take the cluster down. The process has its own session and writes its log straight to the file, so it depends on
 * nobody.
 * @throws UsherError K3S_NOT_EXECUTABLE
 */
export async function runServer(options: ServerProcessOptions): Promise<RunningProcess> {
  const pid = await adoptable(options.pidPath);
  if (pid !== undefined) {
    options.logger.info({ pid }, 'k3s runs already: taking it over');
    return { pid, adopted: true, ended: untilGone(pid, options.clock) };
  }
  await options.beforeLaunch?.();
  const child = await launch(options);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`);
    });
  });
  const started = child.pid ?? 0;
  await writeFile(options.pidPath, `${String(started)} ${(await startTicks(started)) ?? ''}\n`, { mode: 0o600 });
  return { pid: started, adopted: false, ended };
}

/**
 * Asks the process to end, and kills it when it has not after `limitMs`.
 */
export async function endServer(
  running: RunningProcess,
  options: ServerProcessOptions,
  limitMs: number,
): Promise<void> {
  const { clock, logger, pidPath } = options;
  send(running.pid, 'SIGTERM');
  const over = new AbortController();
  const limit = sleep(clock, limitMs, over.signal).then(
    () => false,
    () => true,
  );
  const inTime = await Promise.race([running.ended.then(() => true), limit]);
  over.abort();
  if (!inTime) {
    logger.warn({ pid: running.pid, limitMs }, 'k3s did not end when asked: killing it');
    send(running.pid, 'SIGKILL');
    await running.ended;
  }
  await rm(pidPath, { force: true });
}

/** Keeps the log below its cap while the process runs. Returns what stops it. */
export function capLog({ logPath, maxLogBytes, clock, logger }: ServerProcessOptions): () => void {
  let cancel: () => void = () => undefined;
  let stopped = false;
  const check = async (): Promise<void> => {
    try {
      if ((await stat(logPath)).size <= maxLogBytes) return;
      // The process holds the file open for appending: it goes on writing at the new end.
      await copyFile(logPath, `${logPath}.1`);
      await truncate(logPath, 0);
    } catch (error) {
      logger.debug({ detail: messageOf(error) }, 'the log of k3s could not be rotated');
    }
  };
  const arm = (): void => {
    cancel = clock.after(LOG_CHECK_MS, () => {
      void check().then(() => {
        if (!stopped) arm();
      });
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

async function launch({ command: [program, ...args], env, logPath }: ServerProcessOptions): Promise<ChildProcess> {
  const log = await open(logPath, 'a', 0o600);
  try {
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', log.fd, log.fd] });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        reject(new UsherError('K3S_NOT_EXECUTABLE', { path: program, detail: messageOf(error) }, { cause: error }));
      });
    });
    return child;
  } finally {
    await log.close();
  }
}

async function adoptable(pidPath: string): Promise<number | undefined> {
  let text: string;
  try {
    text = await readFile(pidPath, 'utf8');
  } catch {
    return undefined;
  }
  const [pid = 0, ticks = 0] = text.trim().split(' ').map(Number);
  return pid > 1 && (await startTicks(pid)) === ticks ? pid : undefined;
}

/** When the process started, in clock ticks since boot (proc(5), field 22); undefined when it is gone or a zombie. */
async function startTicks(pid: number): Promise<number | undefined> {
  try {
    const line = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

async function untilGone(pid: number, clock: Clock): Promise<string> {
  const ticks = await startTicks(pid);
  while (ticks !== undefined && (await startTicks(pid)) === ticks) await sleep(clock, POLL_MS);
  return 'an exit code that only its starter knew';
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: it ended by itself meanwhile, which is what was wanted.
    if (!hasErrno(error, 'ESRCH')) throw error;
  }
}

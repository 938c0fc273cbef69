import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hasErrno, messageOf, UsherError } from '../foundation/errors.ts';

/** What a program said, and how it ended. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly input?: string;
  /** Default: that of the lab's own process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default 30,000; then SIGKILL and TIMED_OUT. */
  readonly timeoutMs?: number;
}

const PACKAGE_OF: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  busybox: 'busybox-static',
};
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Runs a program to its end and gives what it said, whatever its exit code.
 * @throws UsherError TOOL_MISSING, TIMED_OUT
 */
export function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: 'pipe', env: options.env ?? process.env });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const stdout = collect(child, 'stdout');
    const stderr = collect(child, 'stderr');
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new UsherError('TOOL_MISSING', { tool, package: PACKAGE_OF[tool] ?? tool }, { cause: error }));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (timedOut) reject(new UsherError('TIMED_OUT', { what: `${tool} ${args.join(' ')}`, limitMs: timeoutMs }));
      else resolve({ code: code ?? -1, stdout: stdout(), stderr: stderr() });
    });
    // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Runs a program that must succeed and gives its standard output.
 * @throws UsherError TOOL_FAILED with its last words; TOOL_MISSING, TIMED_OUT
 */
export async function mustRun(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const result = await runTool(tool, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim() || `exit code ${result.code}`).slice(-500);
  throw new UsherError('TOOL_FAILED', { tool, detail: `${args.join(' ')}: ${said}` });
}

/** A process that can still be told from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`: clock ticks from the kernel's start to the process's. */
  readonly startTicks: string;
}

/** The mark of a running process, or undefined when there is none of that number. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields[18];
  return state === 'Z' || startTicks === undefined ? undefined : { pid, startTicks };
}

/** True while the very process of the mark runs. */
export async function isRunning(mark: ProcessMark): Promise<boolean> {
  return (await markOf(mark.pid))?.startTicks === mark.startTicks;
}

/** Sends SIGKILL to the very process of the mark; nothing happens when it is gone. */
export async function killMarked(mark: ProcessMark): Promise<void> {
  if (await isRunning(mark)) signalIfThere(mark.pid, 'SIGKILL');
}

/** Sends a signal; a process that is gone already is what was wanted. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw new UsherError('INTERNAL', { detail: messageOf(error) }, { cause: error });
  }
}

/** A text file, or undefined when there is none (or the process it tells of has just ended). */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'ENOTDIR')) return undefined;
    throw new UsherError('INTERNAL', { detail: messageOf(error) }, { cause: error });
  }
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  child[name]?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

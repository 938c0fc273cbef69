import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Machine } from '../../../lab/machine.ts';
import type { Material } from './secret-scanner.ts';

const EVERY_MS = 100;

/** Keeps every command line and environment that a process of the machines ever had, as far as looking every 100 ms shows. */
export class ProcessSampler {
  readonly #machines: () => readonly Machine[];
  readonly #seen = { cmdline: new Map<string, Set<string>>(), environ: new Map<string, Set<string>>() };
  readonly #timer: NodeJS.Timeout;

  constructor(machines: () => readonly Machine[]) {
    this.#machines = machines;
    this.#timer = setInterval(() => this.sample(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  materials(): Material[] {
    return (['cmdline', 'environ'] as const).flatMap((what) =>
      [...this.#seen[what]].map(([machine, texts]) => ({
        where: `process ${what} on ${machine}`,
        content: Buffer.from([...texts].join('\n')),
      })),
    );
  }

  sample(): void {
    const processes = allProcesses();
    for (const { name, pid } of this.#machines()) {
      const namespace = pid === undefined ? undefined : processes.get(pid)?.namespace;
      if (namespace === undefined) continue;
      // Those that `exec` brought in, and all their children, which in a container have a namespace of their own.
      const inside = new Set([...processes].filter(([, one]) => one.namespace === namespace).map(([one]) => one));
      for (const [one, { parent }] of processes) if (inside.has(parent)) inside.add(one);
      for (const one of inside) {
        for (const what of ['cmdline', 'environ'] as const)
          this.#note(what, name, readOrNothing(`/proc/${one}/${what}`));
      }
    }
  }

  #note(what: 'cmdline' | 'environ', machine: string, text: string): void {
    const texts = this.#seen[what].get(machine) ?? new Set<string>();
    this.#seen[what].set(machine, texts.add(text));
  }
}

/** Parent and pid namespace of every process, in the order of their pids: children come after their parents. */
function allProcesses(): Map<number, { parent: number; namespace: string }> {
  const processes = new Map<number, { parent: number; namespace: string }>();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)) {
    // "pid (comm) state ppid …", and comm may hold anything (proc(5)).
    const stat = readOrNothing(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    processes.set(pid, { parent, namespace: namespaceOf(pid) });
  }
  return processes;
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

/** A process may end at any moment. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

import { EventEmitter } from 'node:events';
import type { Spawn } from '../../../discovery/sources/child.ts';

/** A program that a test plays the part of. */
export class FakeChild extends EventEmitter {
  readonly stdout = new EventEmitter();
  readonly stderr = new EventEmitter();
  readonly commandLine: string;
  readonly signals: string[] = [];
  /** Whether SIGTERM ends it. */
  isObedient = true;

  constructor(commandLine: string) {
    super();
    this.commandLine = commandLine;
  }

  kill(signal: string): boolean {
    this.signals.push(signal);
    if (this.isObedient || signal === 'SIGKILL') queueMicrotask(() => this.emit('close', null, signal));
    return true;
  }

  prints(text: string | Uint8Array): void {
    this.stdout.emit('data', Buffer.from(text));
  }

  ends(code: number, lastWords = ''): void {
    this.stderr.emit('data', Buffer.from(lastWords));
    this.emit('close', code, null);
  }
}

/**
 * A spawn that starts fakes and keeps them. `answers` gives the output of programs that run to their end, by the
 * beginning of their command line.
 */
export function fakeSpawn(answers: Record<string, string> = {}) {
  const children: FakeChild[] = [];
  const spawn: Spawn = (command, args) => {
    const child = new FakeChild([command, ...args].join(' '));
    children.push(child);
    const answer = Object.entries(answers).find(([start]) => child.commandLine.startsWith(start))?.[1];
    if (answer !== undefined) {
      queueMicrotask(() => {
        child.prints(answer);
        child.ends(0);
      });
    }
    return child;
  };
  /** All children whose command line begins so, oldest first. */
  const started = (start: string): FakeChild[] => children.filter(({ commandLine }) => commandLine.startsWith(start));
  return { spawn, started };
}

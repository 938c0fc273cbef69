import { createInterface } from 'node:readline';
import { UsherError } from '../foundation/errors.ts';

/**
 * Asks the person at the terminal to type `expected`, which one does not do by mistake. The question goes to stderr: data
 * alone is on stdout. An answer may also be piped in.
 * @throws UsherError USAGE when something else is typed, or there is nobody to ask
 */
export async function askToType(question: string, expected: string): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  process.stderr.write(`${question} `);
  try {
    for await (const line of lines) {
      // At a terminal the person's own Enter has ended the line.
      if (!process.stdin.isTTY) process.stderr.write('\n');
      if (line.trim() === expected) return;
      throw new UsherError('USAGE', { detail: `That is not ${expected}: nothing was changed` });
    }
  } finally {
    lines.close();
    // Else an open terminal would keep the process alive.
    process.stdin.destroy();
  }
  process.stderr.write('\n');
  throw new UsherError('USAGE', { detail: 'Nobody is there to answer: say --yes' });
}

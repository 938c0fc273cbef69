import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { UsherError } from '../foundation/errors.ts';
import { Secret } from '../foundation/secret.ts';

const CTRL_C = '\u0003';
const BACKSPACE = '\b';
const DELETE = '\u007f';

/**
 * Asks for a secret, which does not show while it is typed; a line that is piped in counts too. The question goes to stderr.
 * @throws UsherError USAGE when nothing comes
 */
export async function askSecret(question: string): Promise<Secret> {
  const { stdin, stderr } = process;
  stderr.write(`${question} `);
  if (stdin.isTTY) stdin.setRawMode(true);
  const decoder = new StringDecoder('utf8');
  let text = '';
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      for (const character of decoder.write(chunk)) {
        if (character === '\r' || character === '\n') return new Secret(text);
        if (character === CTRL_C) throw new UsherError('STOPPED');
        if (character === BACKSPACE || character === DELETE) text = Array.from(text).slice(0, -1).join('');
        else text += character;
      }
    }
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false);
    stderr.write('\n');
    // Else an open terminal would keep the process alive.
    stdin.destroy();
  }
  if (text !== '') return new Secret(text);
  throw new UsherError('USAGE', { detail: 'Type the password, or pipe it in' });
}

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

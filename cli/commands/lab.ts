import type { Command } from 'commander';

/** Adds `usher lab …`; loaded only when that command is named. */
export async function addLab(program: Command): Promise<void> {
  const { addLabCommands } = await import('../../lab/commands.ts');
  addLabCommands(program);
}

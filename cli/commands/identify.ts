import type { Command } from 'commander';
import { Context, withCommonOptions } from '../context.ts';
import { parseSeconds } from '../parse.ts';

const DEFAULT_SEC = 30;

const IDENTIFY_HELP = `
Its LED blinks, and its screen shows two words that no other device shows now. Before it has joined, the device hears of it
by itself; a node is asked by a short Job, which removes itself. Nothing else changes.

Examples:
  usher identify k4t7m2                     before it is claimed
  usher identify lathe-left --seconds 60    a node, by its name
  usher identify k4t7m2 -o json | jq -r .words`;

/** Adds `identify`. */
export function addIdentifyCommand(program: Command): void {
  withCommonOptions(program.command('identify <id>'))
    .description('Shows which board a device is: its LED blinks and its screen shows two words.')
    .summary('blink the LED of a device, to find it among others')
    .option('--seconds <n>', 'how long, 5 to 120', parseSeconds, DEFAULT_SEC)
    .addHelpText('after', IDENTIFY_HELP)
    .action(async (id: string, { seconds }: { seconds: number }, command: Command) => {
      const context = new Context(command);
      await context.using(
        async () => {
          const view = await context.client().identify(id, seconds);
          context.printOne(view, () => `look for "${view.words.toUpperCase()}": it blinks for ${String(seconds)} s`);
        },
        { device: id },
      );
    });
}

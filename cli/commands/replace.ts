import type { Command } from 'commander';
import { Context, withCommonOptions } from '../context.ts';

const REPLACE_HELP = `
The new device gets the claim of the old one: its node name, labels, taints and pair. So a board that was flashed anew, or
that took over from a dead one, becomes the same node again. The old node is drained first if it still runs, and deleted;
the old device then stays out until it is retried. usher devices names such newcomers by itself.
A board that was stolen is not replaced but revoked (usher revoke), and its successor gets another name: the old board keeps
a certificate for the name it had.

<old> is an id or its beginning, or the name of node or claim. The same is done by kubectl: one patch of the DeviceClaim,
spec.match.device to the new device and spec.replaces to the old one.

Examples:
  usher replace lathe-left --with k4t7m2
  usher replace a8r3n5 --with k4t7m2 -o json`;

/** Adds `replace`. */
export function addReplaceCommand(program: Command): void {
  withCommonOptions(program.command('replace <old>'))
    .description('Lets one device take the place of another: its claim, node name and labels.')
    .summary('let a new or newly flashed board take the place of another')
    .requiredOption('--with <new>', 'id of the device that takes the place')
    .addHelpText('after', REPLACE_HELP)
    .action(async (old: string, options: { with: string }, command: Command) => {
      const context = new Context(command);
      await context.using(
        async () => {
          const client = context.client();
          const { id, shortId } = await client.device(old);
          const row = await client.replace(id, options.with);
          context.printOne(row, () => {
            const place = row.nodeName === undefined ? '' : ` as node ${row.nodeName}`;
            return `device ${row.shortId} takes the place of ${shortId}${place}`;
          });
        },
        { device: old, other: options.with },
      );
    });
}

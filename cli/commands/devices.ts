import type { Command } from 'commander';
import type { DecisionRequest, DeviceView, StoryView } from '../../api/client/types.ts';
import { Context, withCommonOptions } from '../context.ts';
import { deviceColumns, deviceStory } from '../device-text.ts';
import { document } from '../output.ts';
import { storyText } from '../story-text.ts';
import { watchDevices } from '../watch.ts';

const DEVICES_HELP = `
A row is one physical thing: what was seen of it on the LAN, its device, its claim and its node. Stages, in the order of
the way: Seen (hints only), NoEvidence (a key, but nothing ties it to this site), Pending, Approved, Joining, Ready; and
aside: Failed, Quarantined, Rejected, Ignored, Revoked, Replaced.

Examples:
  usher devices
  usher devices --watch
  usher devices -o wide
  usher devices -o json | jq -r '.items[].serial'`;

const DEVICE_HELP = `
<id> is a device id or the beginning of one, mac:<address>, a MAC address, a serial, a node name, or a host name that
only one device has.

Examples:
  usher device k4t7m2
  usher device b8:27:eb:01:02:03 -o yaml
  usher device reject k4t7m2        it may not join, until: usher device reconsider k4t7m2
  usher device ignore mac:b8:27:eb:01:02:03   also of what was only seen on the LAN; undone by: usher device reconsider

Taking a device out that has joined: usher revoke. Putting another one in its place: usher replace.`;

const DECISIONS: readonly { verb: string; decision: DecisionRequest['decision']; summary: string; done: string }[] = [
  { verb: 'reject', decision: 'Rejected', summary: 'refuse a device; it is told so', done: 'rejected' },
  { verb: 'ignore', decision: 'Ignored', summary: 'leave a device aside without telling it', done: 'ignored' },
  { verb: 'reconsider', decision: 'Undecided', summary: 'take reject, ignore or revoke back', done: 'undecided again' },
  { verb: 'retry', decision: 'Retry', summary: 'end a failed wait at once', done: 'tried again' },
];

/** Adds `devices` and `device …`. */
export function addDeviceCommands(program: Command): void {
  withCommonOptions(program.command('devices'))
    .description('Lists everything on the LAN that is, or could become, a node of this site.')
    .summary('list everything that is or could become a node')
    .option('-w, --watch', 'go on showing changes until Ctrl-C (with -o json: one change a line)')
    .addHelpText('after', DEVICES_HELP)
    .action(async (options: { watch?: true }, command: Command) => {
      const context = new Context(command);
      await context.using(() => (options.watch === true ? watchDevices(context) : listDevices(context)));
    });

  const device = program
    .command('device')
    .description('Tells all that is known of one device, or decides about it.')
    .summary('tell all about one device; reject, ignore, reconsider, retry')
    .addHelpText('after', DEVICE_HELP);
  withCommonOptions(device.command('show <id>', { isDefault: true }))
    .description('Tells all that is known of one device, and what happened to it in order.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(
        async () => {
          const row = await context.client().device(id);
          show(context, row, await context.client().story(row.id));
        },
        { device: id },
      );
    });
  for (const { verb, decision, summary, done } of DECISIONS) {
    withCommonOptions(device.command(`${verb} <id>`))
      .description(summary)
      .action(async (id: string, _options: unknown, command: Command) => {
        const context = new Context(command);
        await context.using(
          async () => {
            const row = await context.client().decide(id, decision);
            context.printOne(row, () => `device ${row.shortId} ${done}`);
          },
          { device: id },
        );
      });
  }
}

async function listDevices(context: Context): Promise<void> {
  const rows = await context.client().devices();
  const columns = deviceColumns(() => context.clock.nowMs());
  context.printList(rows, columns, 'Nothing was seen yet: plug a Raspberry Pi into the LAN.');
}

function show(context: Context, row: DeviceView, story: StoryView): void {
  const { format, color, clock } = context;
  if (format === 'json' || format === 'yaml') context.print(document(format, { ...row, story: story.entries }));
  else context.print(`${deviceStory(row, clock.nowMs(), color)}\n\n${storyText(story, color)}`);
}

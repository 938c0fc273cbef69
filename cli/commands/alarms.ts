import type { Command } from 'commander';
import type { AlarmView } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, type Column } from '../output.ts';

const ALARMS_HELP = `
An alarm is what a person must judge, such as a token that two devices showed. It stays until somebody says that he did;
then it does not come back for the same occasion.

Examples:
  usher alarms
  usher alarms ack TOKEN_USED.k4t7m2c0ffee00000000000000`;

const COLUMNS = (nowMs: number): Column<AlarmView>[] => [
  { title: 'ID', cell: (row) => row.id },
  { title: 'AGE', cell: (row) => ageText(row.since, nowMs) },
  { title: 'NODE', cell: (row) => row.nodeName },
  { title: 'DEVICE', cell: (row) => row.device?.slice(0, 6) },
  { title: 'WHAT HAPPENED', cell: (row) => row.message, tone: () => 'bad' },
  { title: 'WHAT TO DO', cell: (row) => row.remedy, wide: true },
];

/** Adds `alarms` and `alarms ack`. */
export function addAlarmCommands(program: Command): void {
  const alarms = program
    .command('alarms')
    .description('What a person must judge.')
    .summary('list what a person must judge; acknowledge it')
    .addHelpText('after', ALARMS_HELP);
  withCommonOptions(alarms.command('list', { isDefault: true }))
    .description('Lists the alarms that nobody has acknowledged.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const items = await context.client().alarms();
        context.printList(items, COLUMNS(context.clock.nowMs()), 'There are no alarms.');
      });
    });
  withCommonOptions(alarms.command('ack <id>'))
    .description('Says that somebody judged an alarm: it leaves the list.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(() => acknowledge(context, id), { alarm: id });
    });
}

/** The beginning of an id is enough when it is that of one alarm only. */
async function acknowledge(context: Context, text: string): Promise<void> {
  const all = (await context.client().alarms()).map(({ id }) => id);
  const meant = all.includes(text) ? [text] : all.filter((id) => id.startsWith(text));
  if (meant.length > 1) {
    throw new UsherError('USAGE', { detail: `${text} is the beginning of several alarms: ${meant.join(', ')}` });
  }
  const id = meant[0] ?? text;
  await context.client().acknowledgeAlarm(id);
  context.printOne({ id, acknowledged: true }, () => `alarm ${id} acknowledged`);
}

import { Option, type Command } from 'commander';
import type { ClaimView, NewClaim } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { labelText, type Column } from '../output.ts';
import { parseLabel, parsePair, parseSeconds, parseTaint } from '../parse.ts';
import { CLAIM_CONDITIONS, waitForClaim, type AwaitedCondition } from '../wait.ts';

const CLAIM_HELP = `
Says what a device is to become: its node name and labels. A device that has shown evidence joins at once; one that was
only seen, or is not plugged in yet (--serial, --mac, --key), joins as soon as it comes with evidence. The same is done
by kubectl apply of a DeviceClaim.

Examples:
  usher claim k4t7m2 --name lathe-left --label machine=lathe --label location=left
  usher claim k4t7m2 --name lathe-left --label machine=lathe --wait --timeout 120
  usher claim --serial 10000000abcdef01 --name tank --label machine=tank
  usher claim k4t7m2 --name lathe-left --pair lathe-1:Primary --taint dedicated=lathe:NoSchedule`;

interface ClaimOptions {
  name: string;
  nodeName?: string;
  label?: [string, string][];
  taint?: NonNullable<NewClaim['taints']>;
  pair?: NonNullable<NewClaim['pair']>;
  serial?: string;
  mac?: string;
  key?: string;
  reclaimPolicy?: 'Retain' | 'Release';
  wait?: AwaitedCondition | true;
  timeout: number;
}

const COLUMNS: Column<ClaimView>[] = [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'PHASE', cell: (row) => row.phase, tone: (row) => (row.phase === 'Conflict' ? 'bad' : undefined) },
  { title: 'MATCH', cell: (row) => labelText(row.match) },
  { title: 'DEVICE', cell: (row) => row.device?.slice(0, 6) },
  { title: 'NODE', cell: (row) => row.nodeName },
  { title: 'LABELS', cell: (row) => labelText(row.labels) },
  { title: 'PAIR', cell: (row) => row.pair && `${row.pair.name}:${row.pair.role}`, wide: true },
  { title: 'READY', cell: (row) => row.conditions.find((condition) => condition.type === 'Ready')?.status },
];

/** Adds `claim`, `unclaim` and `claims`. */
export function addClaimCommands(program: Command): void {
  addClaim(program);
  withCommonOptions(program.command('unclaim <name>'))
    .description('Deletes a claim. Its node keeps running unless the claim said reclaimPolicy Release.')
    .summary('delete a claim')
    .addHelpText('after', '\nExample:\n  usher unclaim lathe-left')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().deleteClaim(name);
        context.printOne({ name, deleted: true }, () => `claim ${name} deleted`);
      });
    });
  withCommonOptions(program.command('claims'))
    .description('Lists the claims and what became of them.')
    .summary('list the claims')
    .addHelpText('after', '\nExample:\n  usher claims -o yaml')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        context.printList(await context.client().claims(), COLUMNS, 'There are no claims.');
      });
    });
}

function addClaim(program: Command): void {
  withCommonOptions(program.command('claim [id]'))
    .description('Claims a device: it becomes the node of that name with those labels.')
    .summary('claim a device: name, labels, taints, pair')
    .requiredOption('--name <name>', 'name of the claim, and of the node unless --node-name is given')
    .option('--node-name <name>', 'name of the node')
    .option('-l, --label <key=value>', 'label of the node; may be repeated', collect(parseLabel))
    .option('--taint <key[=value]:effect>', 'taint of the node; may be repeated', collect(parseTaint))
    .option('--pair <name:role>', 'pair it belongs to, role Primary or Backup', parsePair)
    .option('--serial <serial>', 'match by serial instead of <id>')
    .option('--mac <address>', 'match by MAC address instead of <id>')
    .option('--key <fingerprint>', 'match by key fingerprint instead of <id>; this is evidence')
    .addOption(new Option('--reclaim-policy <policy>', 'when the claim is deleted').choices(['Retain', 'Release']))
    .addOption(
      new Option('--wait [condition]', 'wait until the claim is Bound, Joined or Ready (default)').choices([
        ...CLAIM_CONDITIONS,
      ]),
    )
    .option('--timeout <seconds>', 'how long --wait waits', parseSeconds, 300)
    .addHelpText('after', CLAIM_HELP)
    .action(async (id: string | undefined, options: ClaimOptions, command: Command) => {
      const context = new Context(command);
      await context.using(() => claim(context, id, options));
    });
}

async function claim(context: Context, id: string | undefined, options: ClaimOptions): Promise<void> {
  let view = await context.client().createClaim(newClaim(id, options));
  if (options.wait !== undefined) {
    context.say(`claim ${view.name} made; waiting`);
    const condition = options.wait === true ? 'Ready' : options.wait;
    view = await waitForClaim(context, view, condition, options.timeout * 1000);
  }
  context.printOne(view, () => {
    const ready = view.conditions.find((condition) => condition.type === 'Ready')?.status === 'True';
    return `claim ${view.name} ${ready ? `is ready: node ${view.nodeName}` : `made (${view.phase})`}`;
  });
}

/** What the command line says, as the API wants it. @throws UsherError USAGE unless exactly one device is named */
export function newClaim(id: string | undefined, options: Omit<ClaimOptions, 'wait' | 'timeout'>): NewClaim {
  const named = [id, options.serial, options.mac, options.key].filter((text) => text !== undefined);
  if (named.length !== 1) {
    throw new UsherError('USAGE', { detail: 'Name one device: by <id>, --serial, --mac or --key' });
  }
  const match = {
    ...(options.serial === undefined ? {} : { serial: options.serial }),
    ...(options.mac === undefined ? {} : { mac: options.mac }),
    ...(options.key === undefined ? {} : { keyFingerprint: options.key }),
  };
  return {
    name: options.name,
    ...(id === undefined ? { match } : { device: id }),
    ...(options.nodeName === undefined ? {} : { nodeName: options.nodeName }),
    ...(options.label === undefined ? {} : { labels: Object.fromEntries(options.label) }),
    ...(options.taint === undefined ? {} : { taints: options.taint }),
    ...(options.pair === undefined ? {} : { pair: options.pair }),
    ...(options.reclaimPolicy === undefined ? {} : { reclaimPolicy: options.reclaimPolicy }),
  };
}

/** For options that may be repeated: parses each value and keeps them in order. */
function collect<Value>(parse: (text: string) => Value): (text: string, before: Value[] | undefined) => Value[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

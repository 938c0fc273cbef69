import { Option, type Command } from 'commander';
import type { ClaimView, NewClaim, RevocationView } from '../../api/client/types.ts';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import { askToType } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { labelText, type Column } from '../output.ts';
import { podLines } from '../pod-text.ts';
import { collect, parseLabel, parsePair, parseSeconds, parseTaint } from '../parse.ts';
import { addClaimEdit } from './claim-edit.ts';
import { addManifestCommands } from './manifests.ts';
import { enterCode } from './claim-code.ts';
import { CLAIM_CONDITIONS, waitForClaim, type AwaitedCondition } from '../wait.ts';

const CLAIM_HELP = `
Says what a device is to become: its node name and labels. A device that has shown evidence joins at once; one that was
only seen, or is not plugged in yet (--serial, --mac, --key), joins as soon as it comes with evidence. The same is done
by kubectl apply of a DeviceClaim.

Examples:
  usher claim k4t7m2 --name lathe-left --label machine=lathe --label location=left
  usher claim k4t7m2 --name lathe-left --label machine=lathe --wait --timeout 120
  usher claim --serial 10000000abcdef01 --name tank --label machine=tank
  usher claim lathe-left --code QK4T7M-K7QF-2M9X-TR4C-8WHD --label machine=lathe
  usher claim edit lathe-left --label location=right
  usher claim k4t7m2 --name lathe-left --pair lathe-1:Primary --taint dedicated=lathe:NoSchedule`;

/** A device that is plugged in proves its code within a second or two. */
const CODE_WAIT_MS = 20_000;

const UNCLAIM_HELP = `
With reclaimPolicy Retain (the default) the node goes on as it is, and says that no claim wants it; a new claim for its
device takes it over. With Release its pods leave within a minute and the node is deleted; usher asks first. The policy
can be changed: usher claim edit NAME --reclaim-policy Retain.

Examples:
  usher unclaim lathe-left
  usher unclaim lathe-left --yes`;

interface ClaimOptions {
  name?: string;
  replaces?: string;
  nodeName?: string;
  label?: [string, string][];
  taint?: NonNullable<NewClaim['taints']>;
  pair?: NonNullable<NewClaim['pair']>;
  serial?: string;
  mac?: string;
  key?: string;
  code?: string;
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

/** Adds `claim`, `claim edit`, `unclaim` and `claims`. */
export function addClaimCommands(program: Command): void {
  addClaim(program);
  withCommonOptions(program.command('unclaim <name>'))
    .description('Deletes a claim. Its node keeps running unless the claim says reclaimPolicy Release.')
    .summary('delete a claim')
    .option('-y, --yes', 'do not ask, also when the node goes with it')
    .addHelpText('after', UNCLAIM_HELP)
    .action(async (name: string, options: { yes?: true }, command: Command) => {
      const context = new Context(command);
      await context.using(() => unclaim(context, name, options), { claim: name });
    });
  const claims = withCommonOptions(program.command('claims'))
    .description('Lists the claims and what became of them.')
    .summary('list the claims')
    .addHelpText('after', '\nExample:\n  usher claims -o yaml\n  usher claims import boards.csv')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        context.printList(await context.client().claims(), COLUMNS, 'There are no claims.');
      });
    });
  addManifestCommands(claims);
}

function addClaim(program: Command): void {
  const command = withCommonOptions(program.command('claim [id]'))
    .enablePositionalOptions()
    .description('Claims a device: it becomes the node of that name with those labels.')
    .summary('claim a device: name, labels, taints, pair; edit a claim')
    .option('--name <name>', 'name of the claim, and of the node unless --node-name is given')
    .option('--node-name <name>', 'name of the node')
    .option('-l, --label <key=value>', 'label of the node; may be repeated', collect(parseLabel))
    .option('--taint <key[=value]:effect>', 'taint of the node; may be repeated', collect(parseTaint))
    .option('--pair <name:role>', 'pair it belongs to, role Primary or Backup', parsePair)
    .option('--serial <serial>', 'match by serial instead of <id>')
    .option('--mac <address>', 'match by MAC address instead of <id>')
    .option('--key <fingerprint>', 'match by key fingerprint instead of <id>; this is evidence')
    .option('--code <code>', 'claim code that the device shows; <id> is then the name')
    .option('--replaces <id>', 'device whose place it takes (of one that has a claim: usher replace)')
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
      await context.using(() => claim(context, id, options), id === undefined ? {} : { device: id });
    });
  addClaimEdit(command);
}

/** Says what becomes of the node before it does, and asks when it goes. */
async function unclaim(context: Context, name: string, options: { yes?: true }): Promise<void> {
  const view = await context.client().claim(name);
  const { nodeName, pods } = await nodeOf(context, view);
  if (nodeName !== undefined && view.reclaimPolicy === 'Retain') {
    context.say(`node ${nodeName} goes on as it is, with its pods: the claim says Retain`);
  }
  if (nodeName !== undefined && view.reclaimPolicy === 'Release') {
    context.say(`The claim says Release: node ${nodeName} is drained and deleted.`);
    for (const line of podLines(pods)) context.say(line);
    if (options.yes !== true) await askToType('Type the node name to go on:', nodeName);
  }
  await context.client().deleteClaim(name);
  context.printOne({ name, deleted: true }, () => `claim ${name} deleted`);
}

/** The node that the claim became, and its pods; nothing when there is none. */
async function nodeOf(context: Context, { device }: ClaimView): Promise<Pick<RevocationView, 'nodeName' | 'pods'>> {
  if (device === undefined) return { pods: [] };
  try {
    return await context.client().revocation(device);
  } catch (error) {
    if (isUsherError(error, 'DEVICE_UNKNOWN', 'DEVICE_WITHOUT_KEY')) return { pods: [] };
    throw error;
  }
}

async function claim(context: Context, id: string | undefined, options: ClaimOptions): Promise<void> {
  const { code } = options;
  const wanted = code === undefined ? newClaim(id, options) : await claimByCode(context, id, { ...options, code });
  let view = await context.client().createClaim(wanted);
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

/** The claim of the device that proves the code, or will: it need not be plugged in yet. */
async function claimByCode(
  context: Context,
  name: string | undefined,
  options: ClaimOptions & { code: string },
): Promise<NewClaim> {
  const named = { ...options, ...(name === undefined ? {} : { name }) };
  // What is wrong with the rest is said before the code is entered.
  const wanted = newClaim(options.code, named);
  const { device, state, shortId } = await enterCode(context, options.code, { waitMs: CODE_WAIT_MS });
  if (state === 'waiting') context.say(`the code waits for device ${shortId}, which has not proven it yet`);
  delete wanted.device;
  return { ...wanted, match: { device } };
}

/** What the command line says, as the API wants it. @throws UsherError USAGE unless exactly one device is named */
export function newClaim(id: string | undefined, options: Omit<ClaimOptions, 'wait' | 'timeout'>): NewClaim {
  const named = [id, options.serial, options.mac, options.key].filter((text) => text !== undefined);
  if (named.length !== 1) {
    throw new UsherError('USAGE', { detail: 'Name one device: by <id>, --serial, --mac or --key' });
  }
  if (options.name === undefined) throw new UsherError('USAGE', { detail: 'Say how the claim is called: --name' });
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
    ...(options.replaces === undefined ? {} : { replaces: options.replaces }),
    ...(options.reclaimPolicy === undefined ? {} : { reclaimPolicy: options.reclaimPolicy }),
  };
}

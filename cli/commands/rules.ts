import type { Command } from 'commander';
import type { ApprovalRulePreview, ApprovalRuleView, NewApprovalRule } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { askToType } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, labelText, type Column } from '../output.ts';
import { collect, parseFirstNumber, parseLabel, parseTaint } from '../parse.ts';

type Planned = ApprovalRulePreview['items'][number];

const RULES_HELP = `
A rule claims each new device that shows a certain batch token (usher tokens create --kind batch). Name and labels are made
from templates: {n} counts, {n:3} counts with zeros before (001), {serial} is the serial, {mac6} the end of the first MAC
address, {id6} the short id. A rule is off until you switch it on, and what it would do is shown before.

Examples:
  usher rules add greenhouse --token 4t7m2c0ffe --name 'gh-{n:2}' --label zone=a --label 'serial={serial}'
  usher rules preview greenhouse
  usher rules on greenhouse
  usher rules off greenhouse
  usher rules remove greenhouse    the claims that it made stay`;

interface AddOptions {
  token: string;
  name: string;
  label?: [string, string][];
  taint?: NonNullable<NewApprovalRule['taints']>;
  first?: number;
  dryRun?: true;
}

const RULE_COLUMNS = (nowMs: number): Column<ApprovalRuleView>[] => [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'STATE', cell: (row) => (row.isOn ? 'on' : 'off'), tone: (row) => (row.isOn ? 'good' : 'dim') },
  { title: 'TOKEN', cell: (row) => row.tokenId },
  { title: 'NODES', cell: (row) => row.nameTemplate },
  { title: 'LABELS', cell: (row) => labelText(row.labels) },
  { title: 'AGE', cell: (row) => ageText(row.createdAt, nowMs) },
  { title: 'PROBLEM', cell: (row) => row.problem, tone: () => 'bad' },
];

const PLAN_COLUMNS: Column<Planned>[] = [
  { title: 'DEVICE', cell: (row) => row.shortId },
  { title: 'SERIAL', cell: (row) => row.serial },
  { title: 'OUTCOME', cell: (row) => row.outcome, tone: (row) => (row.outcome === 'claim' ? 'good' : 'dim') },
  { title: 'NAME', cell: (row) => row.name },
  { title: 'LABELS', cell: (row) => labelText(row.labels) },
  { title: 'WHY NOT', cell: (row) => row.reason },
];

/** Adds `rules …`. */
export function addRuleCommands(program: Command): void {
  const rules = program
    .command('rules')
    .description('Approval rules: they claim the devices of a batch by themselves.')
    .summary('list, try out, add, switch and remove approval rules')
    .addHelpText('after', RULES_HELP);
  withCommonOptions(rules.command('list', { isDefault: true }))
    .description('Lists the approval rules.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const items = await context.client().rules.list();
        context.printList(items, RULE_COLUMNS(context.clock.nowMs()), 'There are no approval rules.');
      });
    });
  addAdd(rules);
  addNamed(rules, 'preview', 'Shows what a rule would do to the devices that are there now; changes nothing.', preview);
  withCommonOptions(rules.command('on <name>'))
    .description('Switches a rule on, after showing what it does.')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, options: { yes?: true }, command: Command) => {
      const context = new Context(command);
      await context.using(() => switchOn(context, name, options));
    });
  addNamed(rules, 'off', 'Switches a rule off; the claims that it made stay.', async (context, name) => {
    const rule = await context.client().rules.change(name, { isOn: false });
    context.printOne(rule, () => `rule ${name} is off`);
  });
  addNamed(rules, 'remove', 'Removes a rule; the claims that it made stay.', async (context, name) => {
    await context.client().rules.remove(name);
    context.printOne({ name, removed: true }, () => `rule ${name} removed`);
  });
}

function addAdd(rules: Command): void {
  withCommonOptions(rules.command('add <rule>'))
    .description('Adds a rule. It is off until it is switched on.')
    .requiredOption('--token <tokenId>', 'the batch token whose devices it claims; usher tokens lists them')
    .requiredOption('--name <template>', 'name of claim and node, for instance gh-{n:2}')
    .option('-l, --label <key=template>', 'label of the node; may be repeated', collect(parseLabel))
    .option('--taint <key[=value]:effect>', 'taint of the node; may be repeated', collect(parseTaint))
    .option('--first <number>', 'where {n} begins (default: 1)', parseFirstNumber)
    .option('--dry-run', 'show what it would do and stop')
    .addHelpText('after', RULES_HELP)
    .action(async (name: string, options: AddOptions, command: Command) => {
      const context = new Context(command);
      await context.using(() => add(context, name, options));
    });
}

/** A subcommand that takes the name of a rule and nothing else. */
function addNamed(
  rules: Command,
  word: string,
  description: string,
  act: (context: Context, name: string) => Promise<void>,
): void {
  withCommonOptions(rules.command(`${word} <name>`))
    .description(description)
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(() => act(context, name));
    });
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const { token, name: nameTemplate, label, taint, first } = options;
  const wanted: NewApprovalRule = {
    ...{ name, tokenId: token, nameTemplate },
    ...(label === undefined ? {} : { labels: Object.fromEntries(label) }),
    ...(taint === undefined ? {} : { taints: taint }),
    ...(first === undefined ? {} : { firstNumber: first }),
  };
  if (options.dryRun === true) {
    showPlan(context, await context.client().rules.preview(wanted));
    return;
  }
  const rule = await context.client().rules.create(wanted);
  context.printOne(rule, () => `rule ${name} added; it is off: usher rules on ${name}`);
}

async function preview(context: Context, name: string): Promise<void> {
  showPlan(context, await planOf(context, name));
}

async function switchOn(context: Context, name: string, { yes }: { yes?: true }): Promise<void> {
  const plan = await planOf(context, name);
  if (context.format === 'table' || context.format === 'wide') showPlan(context, plan);
  if (yes !== true) await askToType('Type yes to switch it on, for these and all that come:', 'yes');
  const rule = await context.client().rules.change(name, { isOn: true });
  context.printOne(rule, () => `rule ${name} is on`);
}

/** What a rule that exists would do now. @throws UsherError RULE_UNKNOWN */
async function planOf(context: Context, name: string): Promise<Planned[]> {
  const rule = (await context.client().rules.list()).find((one) => one.name === name);
  if (rule === undefined) throw new UsherError('RULE_UNKNOWN', { name });
  const { tokenId, nameTemplate, labels, taints, firstNumber } = rule;
  return await context.client().rules.preview({ name, tokenId, nameTemplate, labels, taints, firstNumber });
}

function showPlan(context: Context, plan: readonly Planned[]): void {
  context.printList(plan, PLAN_COLUMNS, 'No device has shown the token of this rule yet.');
}

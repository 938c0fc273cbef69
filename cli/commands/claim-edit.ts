import { Option, type Command } from 'commander';
import type { ClaimChange, ClaimView } from '../../api/client/types.ts';
import { UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { labelText } from '../output.ts';
import { collect, parseLabel, parsePair, parseTaint } from '../parse.ts';

const EDIT_HELP = `
What is not mentioned stays as it is. The node follows within a moment; it is not restarted.

Examples:
  usher claim edit lathe-left --label location=right
  usher claim edit lathe-left --remove-label machine --taint dedicated=lathe:NoSchedule
  usher claim edit lathe-left --no-pair --reclaim-policy Release`;

type Taint = ClaimView['taints'][number];

export interface EditOptions {
  label?: [string, string][];
  removeLabel?: string[];
  taint?: Taint[];
  removeTaint?: string[];
  /** False: takes it out of its pair. */
  pair?: NonNullable<ClaimChange['pair']> | false;
  reclaimPolicy?: 'Retain' | 'Release';
  /** False: takes `replaces` off the claim. Commander says true for an option that can only be denied. */
  replaces?: boolean;
}

/** Adds `claim edit` to the command `claim`. */
export function addClaimEdit(claim: Command): void {
  withCommonOptions(claim.command('edit <name>'))
    .description('Changes the labels, taints, pair or policy of a claim; its node follows.')
    .summary('change labels, taints, pair or policy')
    .option('-l, --label <key=value>', 'add or change a label; may be repeated', collect(parseLabel))
    .option('--remove-label <key>', 'take a label off; may be repeated', collect(String))
    .option('--taint <key[=value]:effect>', 'add or change a taint; may be repeated', collect(parseTaint))
    .option('--remove-taint <key[:effect]>', 'take a taint off; may be repeated', collect(String))
    .option('--pair <name:role>', 'pair it belongs to, role Primary or Backup', parsePair)
    .option('--no-pair', 'take it out of its pair')
    .addOption(new Option('--reclaim-policy <policy>', 'when the claim is deleted').choices(['Retain', 'Release']))
    .option('--no-replaces', 'the device it replaced may be used again')
    .addHelpText('after', EDIT_HELP)
    .action(async (name: string, options: EditOptions, command: Command) => {
      const context = new Context(command);
      await context.using(
        async () => {
          const change = claimChange(await context.client().claim(name), options);
          const view = await context.client().changeClaim(name, change);
          context.printOne(view, () => `claim ${view.name} changed: ${labelText(view.labels) || 'no labels'}`);
        },
        { claim: name },
      );
    });
}

/**
 * The change that leads from the claim as it is to what the command line says.
 * @throws UsherError USAGE when nothing is to be changed, or something is to be taken off that is not there
 */
export function claimChange(claim: ClaimView, options: EditOptions): ClaimChange {
  const { label, removeLabel, taint, removeTaint, pair, reclaimPolicy, replaces } = options;
  const change: ClaimChange = {
    ...(label === undefined && removeLabel === undefined ? {} : { labels: changedLabels(claim, label, removeLabel) }),
    ...(taint === undefined && removeTaint === undefined ? {} : { taints: changedTaints(claim, taint, removeTaint) }),
    ...(pair === undefined ? {} : { pair: pair === false ? null : pair }),
    ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
    ...(replaces === false ? { replaces: null } : {}),
  };
  if (Object.keys(change).length === 0) throw new UsherError('USAGE', { detail: 'Say what is to be changed' });
  return change;
}

function changedLabels(claim: ClaimView, add: [string, string][] = [], remove: string[] = []): Record<string, string> {
  const missing = remove.find((key) => claim.labels[key] === undefined);
  if (missing !== undefined) throw new UsherError('USAGE', { detail: `claim ${claim.name} has no label ${missing}` });
  const kept = Object.entries(claim.labels).filter(([key]) => !remove.includes(key));
  return Object.fromEntries([...kept, ...add]);
}

function changedTaints(claim: ClaimView, add: Taint[] = [], remove: string[] = []): Taint[] {
  const isNamed = (text: string, { key, effect }: Taint): boolean => text === key || text === `${key}:${effect}`;
  const missing = remove.find((text) => !claim.taints.some((taint) => isNamed(text, taint)));
  if (missing !== undefined) throw new UsherError('USAGE', { detail: `claim ${claim.name} has no taint ${missing}` });
  const kept = claim.taints.filter(
    (taint) =>
      !remove.some((text) => isNamed(text, taint)) &&
      !add.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  );
  return [...kept, ...add];
}

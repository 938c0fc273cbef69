import { writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { CreatedToken, NewToken, TokenView } from '../../api/client/types.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, type Column } from '../output.ts';
import { parseCount, parseSeconds } from '../parse.ts';

const CREATE_HELP = `
An enrol token on an SD card ties the device that boots from it to this site. A card token is for one card; a batch token
is for as many devices as --uses says. The token is shown this once.

Examples:
  usher tokens create --kind card --card /media/bootfs/usher.json
  usher tokens create --kind batch --uses 20 --expires 7d --note "hall 3"`;

interface CreateOptions {
  kind: NewToken['kind'];
  uses?: number;
  expires?: number;
  note?: string;
  card?: string;
}

const COLUMNS = (nowMs: number): Column<TokenView>[] => [
  { title: 'TOKEN', cell: (row) => row.tokenId },
  { title: 'KIND', cell: (row) => row.kind },
  { title: 'STATE', cell: (row) => row.state, tone: (row) => (row.state === 'usable' ? 'good' : 'dim') },
  { title: 'USES LEFT', cell: (row) => String(row.usesLeft) },
  { title: 'AGE', cell: (row) => ageText(row.createdAt, nowMs) },
  { title: 'EXPIRES', cell: (row) => row.expiresAt },
  { title: 'USED BY', cell: (row) => row.boundTo.map((id) => id.slice(0, 6)).join(',') },
  { title: 'NOTE', cell: (row) => row.note },
];

/** Adds `tokens list`, `tokens create` and `tokens revoke`. */
export function addTokenCommands(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('Enrol tokens: what a card carries to tie its device to this site.')
    .summary('list, create and revoke enrol tokens')
    .addHelpText('after', CREATE_HELP);
  withCommonOptions(tokens.command('list', { isDefault: true }))
    .description('Lists the enrol tokens.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const items = await context.client().tokens();
        context.printList(items, COLUMNS(context.clock.nowMs()), 'There are no enrol tokens.');
      });
    });
  withCommonOptions(tokens.command('create'))
    .description('Makes an enrol token, and with --card the usher.json of an SD card.')
    .addOption(new Option('--kind <kind>', 'for one card or for a batch').choices(['card', 'batch']).default('card'))
    .option('--uses <number>', 'how many devices may use a batch token', parseCount)
    .option('--expires <time>', 'life of the token, for instance 7d (default: card 90d, batch 7d)', parseSeconds)
    .option('--note <text>', 'what it is for')
    .option('--card <file>', 'write usher.json there: it goes on the boot partition of the card')
    .addHelpText('after', CREATE_HELP)
    .action(async (options: CreateOptions, command: Command) => {
      const context = new Context(command);
      await context.using(() => create(context, options));
    });
  withCommonOptions(tokens.command('revoke <tokenId>'))
    .description('Revokes an enrol token: no further device can use it.')
    .action(async (tokenId: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().revokeToken(tokenId);
        context.printOne({ tokenId, revoked: true }, () => `token ${tokenId} revoked`);
      });
    });
}

async function create(context: Context, options: CreateOptions): Promise<void> {
  const created = await context.client().createToken({
    kind: options.kind,
    ...(options.uses === undefined ? {} : { uses: options.uses }),
    ...(options.expires === undefined ? {} : { expiresInSec: options.expires }),
    ...(options.note === undefined ? {} : { note: options.note }),
  });
  if (options.card !== undefined) writeCard(options.card, created);
  context.printOne(created, () =>
    options.card === undefined ? created.token : `token ${created.view.tokenId} written to ${options.card}`,
  );
}

function writeCard(path: string, created: CreatedToken): void {
  try {
    writeFileSync(path, `${JSON.stringify(created.card, undefined, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new UsherError('TOOL_FAILED', { tool: `writing ${path}`, detail: messageOf(error) }, { cause: error });
  }
}

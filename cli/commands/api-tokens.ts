import { Option, type Command } from 'commander';
import type { ApiTokenView, NewApiToken } from '../../api/client/types.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, type Column } from '../output.ts';
import { parseSeconds } from '../parse.ts';

const HELP = `
An API token is for a program: it has one role, ends by itself, and goes into the header "Authorization: Bearer …". It is
shown this once. No API token can make users, tokens or sign-in codes, whatever its role.

Examples:
  usher api-tokens create dashboard --role viewer
  usher api-tokens create gitops --role claimer --expires 365d`;

const COLUMNS = (nowMs: number): Column<ApiTokenView>[] => [
  { title: 'ID', cell: (row) => row.id },
  { title: 'NAME', cell: (row) => row.name },
  { title: 'ROLE', cell: (row) => row.role },
  { title: 'STATE', cell: (row) => row.state, tone: (row) => (row.state === 'usable' ? 'good' : 'dim') },
  { title: 'AGE', cell: (row) => ageText(row.createdAt, nowMs) },
  { title: 'EXPIRES', cell: (row) => row.expiresAt },
  { title: 'USED', cell: (row) => ageText(row.lastUsedAt, nowMs) },
  { title: 'BY', cell: (row) => row.createdBy, wide: true },
];

/** Adds `api-tokens …`. */
export function addApiTokenCommands(program: Command): void {
  const tokens = program
    .command('api-tokens')
    .description('Tokens by which programs use the API.')
    .summary('list, create and revoke the tokens of programs')
    .addHelpText('after', HELP);
  withCommonOptions(tokens.command('list', { isDefault: true }))
    .description('Lists the API tokens.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const rows = await context.client().people.apiTokens();
        context.printList(rows, COLUMNS(context.clock.nowMs()), 'There are no API tokens.');
      });
    });
  withCommonOptions(tokens.command('create <name>'))
    .description('Makes a token for a program.')
    .addOption(
      new Option('--role <role>', 'what the program may do').choices(['viewer', 'claimer', 'admin']).default('viewer'),
    )
    .option('--expires <time>', 'life of the token, at most 365d (default: 90d)', parseSeconds)
    .action(async (name: string, { role, expires }: CreateOptions, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const life = expires === undefined ? {} : { expiresInSec: expires };
        const created = await context.client().people.createApiToken({ name, role, ...life });
        context.printOne(created, () => created.token);
      });
    });
  withCommonOptions(tokens.command('revoke <id>'))
    .description('Revokes an API token at once.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().people.revokeApiToken(id);
        context.printOne({ id, revoked: true }, () => `API token ${id} revoked`);
      });
    });
}

interface CreateOptions {
  role: NewApiToken['role'];
  expires?: number;
}

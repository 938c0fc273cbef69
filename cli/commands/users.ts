import { Option, type Command } from 'commander';
import type { NewUser, SignedInView, UserView } from '../../api/client/types.ts';
import { askSecret } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { ageText, type Column } from '../output.ts';

const ROLES = ['viewer', 'claimer', 'admin'] as const;

const USERS_HELP = `
A viewer reads; a claimer also claims, decides, identifies and imports; an admin also revokes and manages users, tokens,
rules and certificates. Passwords are asked for, or read from a line of the standard input.

Examples:
  usher users add anna --role admin
  usher users role emma claimer
  usher users passwd anna < password.txt`;

const SESSIONS_HELP = `
A session ends when it is unused for twelve hours, after a week, when it is ended here, or when the appliance starts again.

Examples:
  usher sessions
  usher sessions -o wide            with the browser of each
  usher sessions end 4t7m2c0ffe`;

const USER_COLUMNS = (nowMs: number): Column<UserView>[] => [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'ROLE', cell: (row) => row.role, tone: (row) => (row.role === 'admin' ? 'busy' : undefined) },
  { title: 'PASSKEYS', cell: (row) => String(row.passkeys) },
  { title: 'AGE', cell: (row) => ageText(row.createdAt, nowMs) },
  { title: 'PASSWORD SET', cell: (row) => ageText(row.passwordChangedAt, nowMs), wide: true },
];

const SESSION_COLUMNS = (nowMs: number): Column<SignedInView>[] => [
  { title: 'ID', cell: (row) => row.id },
  { title: 'USER', cell: (row) => row.user.name },
  { title: 'ROLE', cell: (row) => row.user.role },
  { title: 'BY', cell: (row) => row.way },
  { title: 'AGE', cell: (row) => ageText(row.createdAt, nowMs) },
  { title: 'USED', cell: (row) => ageText(row.lastUsedAt, nowMs) },
  { title: 'FROM', cell: (row) => row.ip },
  { title: 'BROWSER', cell: (row) => row.browser, wide: true },
];

/** Adds `users …` and `sessions …`. */
export function addUserCommands(program: Command): void {
  const users = program
    .command('users')
    .description('The people who may sign in on the page.')
    .summary('list, add, change and remove the people who may sign in')
    .addHelpText('after', USERS_HELP);
  withCommonOptions(users.command('list', { isDefault: true }))
    .description('Lists the users.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const rows = await context.client().people.users();
        context.printList(rows, USER_COLUMNS(context.clock.nowMs()), 'There are no users: usher users add makes one.');
      });
    });
  withCommonOptions(users.command('add <name>'))
    .description('Adds somebody who may sign in; asks for the password.')
    .addOption(new Option('--role <role>', 'what the user may do').choices(ROLES).default('viewer'))
    .action(async (name: string, { role }: { role: NewUser['role'] }, command: Command) => {
      const context = new Context(command);
      const password = await askSecret(`Password for ${name}:`);
      await context.using(async () => {
        const user = await context.client().people.createUser({ name, role, password: password.reveal() });
        context.printOne(user, () => `${user.name} may sign in as ${user.role}`);
      });
    });
  addUserChanges(users);
  addSessions(program);
}

function addUserChanges(users: Command): void {
  withCommonOptions(users.command('role <name> <role>'))
    .description('Gives a user another role; ends the sessions of the user.')
    .action(async (name: string, role: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        // The appliance refuses a role that it does not know, and says which there are.
        const user = await context.client().people.changeUser(name, { role: role as NewUser['role'] });
        context.printOne(user, () => `${user.name} is now ${user.role}`);
      });
    });
  withCommonOptions(users.command('passwd <name>'))
    .description('Sets another password; ends the sessions of the user.')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      const password = await askSecret(`New password for ${name}:`);
      await context.using(async () => {
        const user = await context.client().people.changeUser(name, { password: password.reveal() });
        context.printOne(user, () => `password of ${user.name} changed`);
      });
    });
  withCommonOptions(users.command('remove <name>'))
    .description('Removes a user with all passkeys; ends the sessions of the user.')
    .action(async (name: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().people.removeUser(name);
        context.printOne({ name, removed: true }, () => `${name} removed`);
      });
    });
}

function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .description('Browsers that are signed in.')
    .summary('list browsers that are signed in, and sign them out')
    .addHelpText('after', SESSIONS_HELP);
  withCommonOptions(sessions.command('list', { isDefault: true }))
    .description('Lists the sessions.')
    .action(async (_options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const rows = await context.client().people.sessions();
        context.printList(rows, SESSION_COLUMNS(context.clock.nowMs()), 'Nobody is signed in.');
      });
    });
  withCommonOptions(sessions.command('end <id>'))
    .description('Signs a browser out.')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        await context.client().people.endSession(id);
        context.printOne({ id, ended: true }, () => `session ${id} ended`);
      });
    });
}

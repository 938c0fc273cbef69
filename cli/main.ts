import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { asUsherError } from '../foundation/errors.ts';
import { addAlarmCommands } from './commands/alarms.ts';
import { addApiTokenCommands } from './commands/api-tokens.ts';
import { addAuditCommands } from './commands/audit.ts';
import { addClaimCodeCommands } from './commands/claim-code.ts';
import { addClaimCommands } from './commands/claims.ts';
import { addDeviceCommands } from './commands/devices.ts';
import { addIdentifyCommand } from './commands/identify.ts';
import { addKubectlCommand } from './commands/kubectl.ts';
import { addLabelsCommand } from './commands/labels.ts';
import { addOciCommands } from './commands/oci.ts';
import { addReplaceCommand } from './commands/replace.ts';
import { addRevokeCommands } from './commands/revoke.ts';
import { addRuleCommands } from './commands/rules.ts';
import { addServiceCommands } from './commands/services.ts';
import { addSiteCommands } from './commands/site.ts';
import { addTokenCommands } from './commands/tokens.ts';
import { addUserCommands } from './commands/users.ts';
import { addTrustCommand } from './commands/trust.ts';
import { withCommonOptions } from './context.ts';
import { EXIT, EXIT_CODES_HELP, exitCodeOf } from './exit-codes.ts';
import { safe } from './output.ts';

/** Commands that bring much along: each is loaded only when it is the one that is asked for. */
const HEAVY: Readonly<Record<string, { summary: string; load: (program: Command) => Promise<void> }>> = {
  start: {
    summary: 'run the appliance on this machine (with --lab N: a whole virtual site)',
    load: async (program) => (await import('./commands/start.ts')).addStart(program),
  },
  lab: {
    summary: 'add, plug, unplug, kill, boot and reflash the machines of the lab',
    load: async (program) => (await import('./commands/lab.ts')).addLab(program),
  },
  doctor: {
    summary: 'say what this machine lacks; --fix installs it',
    load: async (program) => (await import('./commands/doctor.ts')).addDoctor(program),
  },
  'support-bundle': {
    summary: 'write all that helps to find a fault into one file, without secrets',
    load: async (program) => (await import('./commands/support-bundle.ts')).addSupportBundle(program),
  },
};

const MAX_ERROR_LINE = 1000;

const DESCRIPTION = `Usher meets each new machine at the door of a site, checks its ticket, and walks it to the seat its label names: a plugged-in Raspberry Pi becomes a labelled Kubernetes node.`;

const EXAMPLES = `
Examples:
  usher start --lab 3                       a virtual site with three Pis
  usher devices --watch                     everything on the LAN that could become a node, live
  usher claim k4t7m2 --name lathe-left --label machine=lathe --label location=left --wait
  usher devices -o json | jq '.items[] | select(.stage == "Failed")'

Environment:
  USHER_SERVER, USHER_TOKEN_FILE            as --server and --token-file
  NO_COLOR                                  as --no-color

${EXIT_CODES_HELP}`;

/**
 * Runs one `usher …` command. Sets the exit code of the process and prints errors; never throws.
 * @param argv the arguments behind the program's name
 */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  try {
    const program = await buildProgram(argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** All commands; of the heavy ones only the one that `argv` names, the others by their summaries. */
export async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = withCommonOptions(new Command('usher'))
    .description(DESCRIPTION)
    .version(packageJson.version, '--version', 'say which version this is')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .addHelpText('afterAll', ({ command }) => (command.parent === null ? '' : '\nExit codes: usher --help'))
    .exitOverride();
  const named = namedCommand(program, argv);
  for (const [name, { summary, load }] of Object.entries(HEAVY)) {
    if (name === named) await load(program);
    else program.command(name).description(summary);
  }
  addDeviceCommands(program);
  addClaimCommands(program);
  addClaimCodeCommands(program);
  addIdentifyCommand(program);
  addReplaceCommand(program);
  addLabelsCommand(program);
  addRevokeCommands(program);
  addAlarmCommands(program);
  addTokenCommands(program);
  addServiceCommands(program);
  addOciCommands(program);
  addRuleCommands(program);
  addUserCommands(program);
  addApiTokenCommands(program);
  addAuditCommands(program);
  addSiteCommands(program);
  addTrustCommand(program);
  addKubectlCommand(program);
  inheritExitOverride(program);
  return program;
}

/** The command that is asked for, also as `help <command>`. */
function namedCommand(program: Command, argv: readonly string[]): string | undefined {
  const takesValue = new Set(
    program.options
      .filter((option) => option.required)
      .flatMap((option) => [option.short, option.long].filter((flag) => flag !== undefined)),
  );
  const words = argv.filter((text, i) => !text.startsWith('-') && !takesValue.has(argv[i - 1] ?? ''));
  return words[0] === 'help' ? words[1] : words[0];
}

/** Commands must throw their usage errors, not end the process: exit codes are decided in one place. */
function inheritExitOverride(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    inheritExitOverride(child);
  }
}

/** Prints the error as people need it and gives the exit code. */
function report(error: unknown): number {
  // Commander has printed the message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const usherError = asUsherError(error);
  process.stderr.write(`error: ${printableLine(usherError.message)} [${usherError.code}]\n`);
  process.stderr.write(`remedy: ${printableLine(usherError.remedy)}\n`);
  if (usherError.code === 'INTERNAL' && (process.env['USHER_DEBUG'] ?? '') !== '') {
    process.stderr.write(`${usherError.stack ?? ''}\n`);
  }
  return exitCodeOf(usherError);
}

function printableLine(text: string): string {
  return text
    .split('\n')
    .map((line) => safe(line, MAX_ERROR_LINE))
    .join('\n  ');
}

/** The reader went away (`usher devices | head`): nothing is wrong, and nothing more is to be said. */
function endQuietly(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
}

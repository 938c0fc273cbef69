import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { UsherError } from '../foundation/errors.ts';
import { silentLogger } from '../foundation/logger.ts';
import { printable } from '../foundation/text.ts';
import { ControlClient } from './control-client.ts';
import { AddRequest, DEFAULT_LAB_NAME, type Setting, SETTINGS, type Verb } from './core/control.ts';
import type { MachineStatus } from './core/status.ts';
import { execCommand } from './machine.ts';
import { AGENT_CONSOLE } from './status.ts';
import { sweepLab } from './sweep.ts';

interface Options {
  labName: string;
  output?: string;
  follow?: boolean;
}

interface AddOptions {
  model?: string;
  serial?: string;
  generic?: true;
  dataDisk?: number;
}

/** What a Pi shows whoever looks at its screen. */
const SCREEN = '/etc/issue.d/usher.issue';

const VERB_TEXT: Readonly<Record<Verb, string>> = {
  plug: 'put the network cable in; a machine that is off is switched on',
  unplug: 'pull the network cable; the machine stays on',
  kill: 'pull the power',
  boot: 'switch it on',
  reflash: 'write a new card for the same board',
};

const SETTING_TEXT: Readonly<Record<Setting, string>> = {
  link: "take the machine's interface down or up; of the machine `switch`: all of its ports",
  address: 'give it another address; one with a lease gets it from the router',
  clock: "put the agent's clock wrong at every boot from the next one on",
  disk: 'fill the data disk of a machine that was added with one, or free it',
  adapter: 'plug in a USB serial adapter with a simulated instrument behind it, or pull it',
};

const COLUMNS: readonly [title: string, cell: (machine: MachineStatus) => string | undefined][] = [
  ['MACHINE', (machine) => machine.name],
  ['POWER', (machine) => machine.power],
  ['CABLE', (machine) => machine.cable],
  ['ADDRESS', (machine) => machine.address],
  ['MAC', (machine) => machine.mac],
  ['SERIAL', (machine) => machine.serial],
  ['CONSOLE', (machine) => machine.console],
];

/** Adds `usher lab …`, which acts on a lab that runs on this machine (`usher start --lab N`). */
export function addLabCommands(program: Command): void {
  const lab = program
    .command('lab')
    .summary('add, plug, unplug, kill, boot and reflash the machines of the lab')
    .description('Acts on the machines of a running lab (usher start --lab N), as a hand would.')
    .enablePositionalOptions();
  subcommand(lab, 'status', 'Lists the machines.').action(async (_options: unknown, command: Command) => {
    const { labName, output } = optionsOf(command);
    const status = await (await ControlClient.find(labName)).status();
    print(output, status, () => table(status.machines));
  });
  for (const [verb, text] of Object.entries(VERB_TEXT) as [Verb, string][]) {
    subcommand(lab, `${verb} <machine>`, `${text.charAt(0).toUpperCase()}${text.slice(1)}.`).action(
      async (machine: string, _options: unknown, command: Command) => {
        const { labName, output } = optionsOf(command);
        const status = await (await ControlClient.find(labName)).do(machine, verb);
        print(output, status, () => sentence(status));
      },
    );
  }
  for (const [setting, text] of Object.entries(SETTING_TEXT) as [Setting, string][]) {
    subcommand(
      lab,
      `${setting} <machine> <value>`,
      `${text.charAt(0).toUpperCase()}${text.slice(1)} (${SETTINGS[setting].values}).`,
    )
      // An offset may begin with a minus.
      .allowUnknownOption(setting === 'clock')
      .action(async (machine: string, value: string, _options: unknown, command: Command) => {
        const { labName, output } = optionsOf(command);
        const status = await (await ControlClient.find(labName)).set(machine, setting, value);
        print(output, status, () => ('machines' in status ? table(status.machines) : sentence(status)));
      });
  }
  addAdd(lab);
  addConsole(lab);
  addExec(lab);
  subcommand(lab, 'sweep', 'Removes what a lab that crashed left behind, and nothing else.').action(
    async (_options: unknown, command: Command) => {
      const { labName, output } = optionsOf(command);
      if (process.getuid?.() !== 0) throw new UsherError('NEEDS_ROOT', { what: 'usher lab sweep' });
      const swept = await sweepLab(labName, silentLogger);
      print(output, swept, () => `removed ${swept.processes} processes and ${swept.namespaces.length} namespaces`);
    },
  );
}

function addAdd(lab: Command): void {
  subcommand(lab, 'add [name]', 'Adds a Raspberry Pi with a card of this site, or a generic one, and plugs it in.')
    .option('--model <model>', 'what its device tree says, for instance "Raspberry Pi 5 Model B Rev 1.0"')
    .option('--serial <hex>', 'its serial number, 16 hexadecimal digits')
    .option('--generic', 'its card belongs to no site: it shows a claim code and is admitted by that')
    .option('--data-disk <MiB>', 'a small disk of its own for what k3s keeps', Number)
    .addHelpText('after', `\nThe screen of one with a generic card: usher lab exec pi-4 cat ${SCREEN}`)
    .action(async (name: string | undefined, options: object, command: Command) => {
      const { labName, output } = optionsOf(command);
      const { model, serial, generic, dataDisk } = options as AddOptions;
      const given = { name, model, serial, generic, dataDiskMiB: dataDisk };
      const wanted = AddRequest.safeParse(
        Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      );
      if (!wanted.success)
        throw new UsherError('REQUEST_INVALID', { detail: wanted.error.message }, { cause: wanted.error });
      const status = await (await ControlClient.find(labName)).add(wanted.data);
      print(output, status, () => sentence(status));
    });
}

function addConsole(lab: Command): void {
  subcommand(lab, 'console <machine>', 'Shows what the machine has printed since its first boot.')
    .option('-f, --follow', 'go on until Ctrl-C')
    .action(async (machine: string, _options: unknown, command: Command) => {
      const { labName, follow } = optionsOf(command);
      const { labDir } = await statusWith(labName, machine);
      const file = join(labDir, machine, 'console.log');
      process.exitCode = await inherit('tail', follow === true ? ['-n', '+1', '-F', file] : ['-n', '+1', file]);
    });
}

function addExec(lab: Command): void {
  subcommand(lab, 'exec <machine> <command...>', 'Runs a command in a machine, with your terminal.')
    .passThroughOptions()
    .addHelpText('after', `\nWhat the agent shows: usher lab exec pi-1 cat ${AGENT_CONSOLE}`)
    .action(async (machine: string, words: string[], _options: unknown, command: Command) => {
      const { labName } = optionsOf(command);
      const { labDir, machines } = await statusWith(labName, machine);
      const pid = machines.find((each) => each.name === machine)?.pid;
      if (pid === undefined) throw new UsherError('LAB_MACHINE_OFF', { machine });
      const { file, args, env } = execCommand(join(labDir, machine), pid, words);
      process.exitCode = await inherit(file, args, { ...env, TERM: process.env['TERM'] ?? 'linux' });
    });
}

function subcommand(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option('--lab-name <name>', 'which lab', DEFAULT_LAB_NAME)
    .addOption(
      new Option('-o, --output <format>', 'how to print (default: table)').choices(['table', 'wide', 'json', 'yaml']),
    );
}

function optionsOf(command: Command): Options {
  return command.optsWithGlobals();
}

async function statusWith(labName: string, machine: string): Promise<Awaited<ReturnType<ControlClient['status']>>> {
  const status = await (await ControlClient.find(labName)).status();
  if (status.machines.every((each) => each.name !== machine)) throw new UsherError('LAB_MACHINE_UNKNOWN', { machine });
  return status;
}

function print(format: string | undefined, data: unknown, words: () => string): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
  else if (format === 'yaml') process.stdout.write(stringify(data));
  else process.stdout.write(`${words()}\n`);
}

function table(machines: readonly MachineStatus[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...machines.map((machine) => COLUMNS.map(([, cell]) => shown(cell(machine)))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function sentence(machine: MachineStatus): string {
  return `${machine.name}: power ${machine.power}, cable ${machine.cable}${machine.address === undefined ? '' : `, ${machine.address}`}`;
}

/** The console's text comes from a machine, so it is made safe for the terminal. */
function shown(text: string | undefined): string {
  return printable(text ?? '', 100);
}

function inherit(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env });
    child.once('error', (error) => {
      reject(new UsherError('TOOL_MISSING', { tool: file, package: file }, { cause: error }));
    });
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

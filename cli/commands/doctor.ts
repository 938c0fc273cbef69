import { Option, type Command } from 'commander';
import { examine, mend, type Finding } from '../../appliance/doctor.ts';
import type { Purpose } from '../../appliance/requirements.ts';
import { EXIT } from '../exit-codes.ts';
import { document, table, type Format } from '../output.ts';

interface DoctorFlags {
  for: Purpose;
  fix?: boolean;
  stateDir: string;
  output?: Format;
}

/** Adds `usher doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('say what this machine lacks; --fix installs it')
    .description('Looks whether this machine has what Usher needs: programs, rights, cgroups, memory, room.')
    .addOption(
      new Option('--for <purpose>', 'what the machine is for')
        .choices(['appliance', 'lab', 'tests'])
        .default('appliance'),
    )
    .option('--fix', 'install the missing packages (apt-get)')
    .option('--state-dir <folder>', 'where state is to be kept', '/var/lib/usher')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']))
    .addHelpText(
      'after',
      '\nExits with 0 when nothing is missing, else with 1.\n\nExample:\n  usher doctor --for lab --fix',
    )
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<DoctorFlags>();
      const say = (line: string): void => {
        process.stderr.write(`${line}\n`);
      };
      if (flags.fix === true) await mend(await examine(flags.for, flags.stateDir), say);
      const findings = await examine(flags.for, flags.stateDir);
      print(findings, flags.output ?? 'table');
      process.exitCode = findings.every((finding) => finding.ok) ? EXIT.ok : EXIT.failed;
    });
}

function print(findings: readonly Finding[], format: Format): void {
  if (format === 'json' || format === 'yaml') {
    process.stdout.write(document(format, { findings }));
    return;
  }
  const text = table(
    [
      {
        title: '',
        cell: (finding: Finding) => (finding.ok ? 'ok' : '!!'),
        tone: (finding) => (finding.ok ? 'good' : 'bad'),
      },
      { title: 'WHAT', cell: (finding) => finding.what },
      { title: 'FOUND', cell: (finding) => finding.detail },
      { title: 'REMEDY', cell: (finding) => finding.remedy },
    ],
    findings,
    { wide: false, color: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '' },
  );
  process.stdout.write(`${text}\n`);
}

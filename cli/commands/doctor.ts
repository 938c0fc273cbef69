import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { examine, mend } from '../../appliance/doctor.ts';
import type { Finding } from '../../appliance/finding.ts';
import type { Purpose } from '../../appliance/requirements.ts';
import { ApiClient } from '../../api/client/api-client.ts';
import { findAppliance } from '../../api/client/find-appliance.ts';
import { isUsherError } from '../../foundation/errors.ts';
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
    .summary('say what this machine lacks; --fix mends it')
    .description(
      'Looks whether this machine has what Usher needs: programs, rights, cgroups, memory, room, limits of the kernel; and at the certificate of the page where an appliance runs.',
    )
    .addOption(
      new Option('--for <purpose>', 'what the machine is for')
        .choices(['appliance', 'lab', 'tests'])
        .default('appliance'),
    )
    .option('--fix', 'install the missing packages (apt-get), raise limits that are too low (sysctl)')
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
      const findings = [...(await examine(flags.for, flags.stateDir)), ...(await examineAppliance(flags.stateDir))];
      print(findings, flags.output ?? 'table');
      process.exitCode = findings.every((finding) => finding.ok) ? EXIT.ok : EXIT.failed;
    });
}

/** What an appliance that runs with this state folder says of itself; nothing when none does. */
async function examineAppliance(stateDir: string): Promise<Finding[]> {
  let client: ApiClient | undefined;
  try {
    client = new ApiClient(findAppliance({ tokenFile: join(stateDir, 'cli.json'), env: {} }));
    const { trouble, notAfter } = await client.pageCertificate();
    const what = 'certificate of the page';
    if (trouble === undefined) return [{ what, ok: true, detail: `until ${notAfter}` }];
    return [{ what, ok: false, detail: `${trouble.message} [${trouble.code}]`, remedy: trouble.remedy }];
  } catch (error) {
    if (isUsherError(error)) return [];
    throw error;
  } finally {
    client?.close();
  }
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

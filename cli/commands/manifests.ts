import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import { MOST_MANIFEST_CHARACTERS } from '../../api/client/types.ts';
import type {
  ManifestFormat,
  ManifestOutcome,
  ManifestPreview,
  ManifestRow,
  ManifestText,
} from '../../api/client/types.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { askToType } from '../ask.ts';
import { Context, withCommonOptions } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { safe, type Column, type Tone } from '../output.ts';

const IMPORT_HELP = `
A file is CSV (name,serial,labels …) or YAML (DeviceClaims, as for kubectl apply); its ending says which. What it would
do is shown first, and asked about. All of it is imported or nothing, unless --take good says: the rows that can be.
Importing a file twice changes nothing the second time. docs/manifests.md lists the columns.
Exits with 1 when a row could not be imported, or was left out.

Examples:
  usher claims preview boards.csv
  usher claims import boards.csv
  usher claims import boards.csv --take good --yes
  usher claims export -o csv > boards.csv`;

const FORMATS = ['csv', 'yaml'] as const;
const MAX_CELL = 200;
const TONES: Readonly<Record<ManifestRow['outcome'], Tone>> = {
  new: 'good',
  changed: 'busy',
  unchanged: 'dim',
  conflict: 'bad',
  invalid: 'bad',
};

const COLUMNS: Column<ManifestRow>[] = [
  { title: 'LINE', cell: (row) => (row.column === undefined ? `${row.line}` : `${row.line}:${row.column}`) },
  { title: 'OUTCOME', cell: (row) => row.outcome, tone: (row) => TONES[row.outcome] },
  { title: 'NAME', cell: (row) => row.name },
  { title: 'CODE', cell: (row) => row.code },
  { title: 'WHAT', cell: whatOf },
];

interface ImportOptions {
  take: 'all' | 'good';
  dryRun?: true;
  yes?: true;
  format?: ManifestFormat;
}

/** Adds `import`, `preview` and `export` to the command `claims`. */
export function addManifestCommands(claims: Command): void {
  claims.enablePositionalOptions();
  withCommonOptions(claims.command('preview <file>'))
    .description('Shows what importing a file of claims would do; changes nothing. - reads standard input.')
    .summary('show what a file of claims would do')
    .addOption(formatOption())
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, options: { format?: ManifestFormat }, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const preview = await context.client().manifests.preview(await readManifestFile(file, options.format));
        showPreview(context, preview);
        if (badOf(preview) > 0) process.exitCode = EXIT.failed;
      });
    });
  withCommonOptions(claims.command('import <file>'))
    .description('Imports a file of claims: all of it or nothing, after showing what it does. - reads standard input.')
    .summary('import a file of claims')
    .addOption(
      new Option('--take <rows>', 'all: every row or none; good: those that can be')
        .choices(['all', 'good'])
        .default('all'),
    )
    .option('--dry-run', 'show what it would do and stop')
    .option('-y, --yes', 'do not ask')
    .addOption(formatOption())
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const context = new Context(command);
      await context.using(() => importFile(context, file, options));
    });
  // Its own -o: what it prints is a file.
  claims
    .command('export')
    .description('Prints all claims as a file that import takes.')
    .summary('print all claims as a file')
    .addOption(new Option('-o, --output <format>', 'which kind of file').choices(FORMATS).default('csv'))
    .option('--server <url>', 'the appliance to talk to (USHER_SERVER)')
    .option('--token-file <file>', 'a cli.json of that appliance (USHER_TOKEN_FILE)')
    .addHelpText('after', IMPORT_HELP)
    .action(async (options: { output: ManifestFormat }, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        process.stdout.write(await context.client().manifests.export(options.output));
      });
    });
}

async function importFile(context: Context, name: string, options: ImportOptions): Promise<void> {
  const file = await readManifestFile(name, options.format);
  const preview = await context.client().manifests.preview(file);
  const isTable = context.format === 'table' || context.format === 'wide';
  if (isTable || options.dryRun === true) showPreview(context, preview);
  const bad = badOf(preview);
  if (options.dryRun === true) {
    if (bad > 0) process.exitCode = EXIT.failed;
    return;
  }
  const writes = preview.counts.new + preview.counts.changed;
  if (options.take === 'good' || bad === 0) {
    if (writes > 0 && options.yes !== true) await askToType(`Type yes to write ${writes} claims:`, 'yes');
  }
  const outcome = await context.client().manifests.import({ ...file, digest: preview.digest, take: options.take });
  context.printOne(outcome, () => outcomeText(outcome));
  if (outcome.left.length > 0) process.exitCode = EXIT.failed;
}

function showPreview(context: Context, preview: ManifestPreview): void {
  if (context.format === 'json' || context.format === 'yaml') {
    context.printOne(preview, () => '');
    return;
  }
  const rows = context.format === 'wide' ? preview.rows : preview.rows.filter(({ outcome }) => outcome !== 'unchanged');
  if (rows.length > 0) context.print(context.tableOf(rows, COLUMNS));
  for (const { line, notes = [] } of preview.rows) {
    for (const note of notes) context.say(`line ${line}: ${safe(note, 400)}`);
  }
  const counts = Object.entries(preview.counts).filter(([, count]) => count > 0);
  context.say(counts.map(([what, count]) => `${count} ${what}`).join(', ') || 'There are no rows in the file.');
}

function outcomeText({ created, changed, unchanged, left }: ManifestOutcome): string {
  const counts = `${created} claims made, ${changed} changed, ${unchanged} as they were`;
  const lines = left.map(({ line, name, message = '' }) => `  line ${line} ${safe(name)}: ${safe(message, 400)}`);
  return [left.length === 0 ? counts : `${counts}, ${left.length} rows left out:`, ...lines].join('\n');
}

function whatOf({ message, changes = [] }: ManifestRow): string {
  if (message !== undefined) return safe(message, MAX_CELL);
  return changes
    .map(({ field, from, to }) => `${field}: ${from === undefined ? '' : `${from || '""'} → `}${to ?? 'taken off'}`)
    .join(', ');
}

function badOf({ counts }: ManifestPreview): number {
  return counts.conflict + counts.invalid;
}

function formatOption(): Option {
  return new Option('--format <format>', 'what the file is, when its ending does not say it').choices(FORMATS);
}

/** The file as text, and what it is. @throws UsherError USAGE, MANIFEST_TOO_LARGE, MANIFEST_MALFORMED */
async function readManifestFile(name: string, given: ManifestFormat | undefined): Promise<ManifestText> {
  const format = given ?? formatOf(name);
  const bytes = await bytesOf(name);
  // A letter has up to four bytes.
  if (bytes.length > 4 * MOST_MANIFEST_CHARACTERS) {
    const detail = `it has ${bytes.length} bytes, ${MOST_MANIFEST_CHARACTERS} characters are read`;
    throw new UsherError('MANIFEST_TOO_LARGE', { detail });
  }
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return { format, text: new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const detail = 'the file is not in UTF-8: save it as “CSV UTF-8”';
    throw new UsherError('MANIFEST_MALFORMED', { line: 1, column: 1, detail }, { cause: error });
  }
}

function formatOf(name: string): ManifestFormat {
  const ending = extname(name).toLowerCase();
  if (['.yaml', '.yml', '.json'].includes(ending)) return 'yaml';
  if (['.csv', '.tsv', '.txt'].includes(ending)) return 'csv';
  throw new UsherError('USAGE', { detail: 'Say what the file is: --format csv or --format yaml' });
}

async function bytesOf(name: string): Promise<Uint8Array> {
  try {
    if (name !== '-') return await readFile(name);
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    throw new UsherError('USAGE', { detail: `${name} cannot be read: ${messageOf(error)}` }, { cause: error });
  }
}

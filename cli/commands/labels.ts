import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import type { LabelSheetRequest } from '../../api/client/types.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { Context } from '../context.ts';

const PAPERS = ['A4', 'Letter', '62mm', '29x90mm'] as const satisfies readonly LabelSheetRequest['paper'][];

interface LabelOptions {
  claims?: string;
  devices?: string;
  all?: true;
  output: string;
  paper: LabelSheetRequest['paper'];
  base?: string;
}

const LABELS_HELP = `
Each label has the name, the short id and a QR code that opens the page at that device. The format follows the file's
ending: .pdf or .svg. A4 has 24 labels of 63.5 x 33.9 mm, Letter 30 of 2 5/8 x 1 inch; on 62mm and 29x90mm each label is a
page of its own. Print at 100 %, not "fit to page".

Examples:
  usher labels --all -o labels.pdf
  usher labels --claims lathe-left,lathe-right --paper 62mm -o labels.pdf
  usher labels --devices k4t7m2 --base https://usher.example -o label.svg`;

/** Adds `labels`. */
export function addLabelsCommand(program: Command): void {
  program
    .command('labels')
    .description('Writes a sheet of labels for claims or devices, to print and stick on the boards.')
    .summary('write labels with QR codes, to print')
    .option('--claims <names>', 'names of claims, with commas between them')
    .option('--devices <ids>', 'ids of devices, with commas between them')
    .option('--all', 'all claims')
    .addOption(new Option('--paper <paper>', 'what is printed on').choices(PAPERS).default('A4'))
    .option('--base <url>', 'where the QR codes lead (default: the address of the appliance on the LAN)')
    .requiredOption('-o, --output <file>', 'the file to write, .pdf or .svg')
    .option('--server <url>', 'the appliance to talk to (USHER_SERVER)')
    .option('--token-file <file>', 'a cli.json of that appliance (USHER_TOKEN_FILE)')
    .addHelpText('after', LABELS_HELP)
    .action(async (options: LabelOptions, command: Command) => {
      const context = new Context(command);
      await context.using(async () => {
        const format = formatOf(options.output);
        const items = await itemsOf(context, options);
        const base = options.base === undefined ? {} : { claimBase: options.base };
        const file = await context.client().labelSheet({ items, format, paper: options.paper, ...base });
        await write(options.output, file);
        context.print(`${String(items.length)} ${items.length === 1 ? 'label' : 'labels'} in ${options.output}`);
      });
    });
}

async function itemsOf(context: Context, { claims, devices, all }: LabelOptions): Promise<LabelSheetRequest['items']> {
  const named = (text: string | undefined): string[] =>
    (text ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  const everyClaim = all === true ? (await context.client().claims()).map(({ name }) => name) : [];
  const items = [
    ...[...new Set([...named(claims), ...everyClaim])].map((claim) => ({ claim })),
    ...named(devices).map((device) => ({ device })),
  ];
  if (items.length > 0) return items;
  const detail = all === true ? 'There is no claim to make a label for.' : 'Say --claims, --devices or --all.';
  throw new UsherError('USAGE', { detail });
}

function formatOf(path: string): LabelSheetRequest['format'] {
  const ending = extname(path).toLowerCase();
  if (ending === '.pdf' || ending === '.svg') return ending === '.pdf' ? 'pdf' : 'svg';
  throw new UsherError('USAGE', { detail: `The file ${path} must end with .pdf or .svg.` });
}

async function write(path: string, content: Uint8Array): Promise<void> {
  try {
    await writeFile(path, content);
  } catch (error) {
    throw new UsherError('USAGE', { detail: `${path} cannot be written: ${messageOf(error)}` }, { cause: error });
  }
}

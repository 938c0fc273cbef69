import { parseArgs } from 'node:util';
import { UsherError } from '../../foundation/errors.ts';
import type { BenchOptions } from './bench-options.ts';
import type { Summary } from './summary.ts';

const USAGE = `npm run bench -- NAME [--pairs N] [--sizes N,N,…] [--json] [--k3s PATH] [--images DIR]

join    claim → labelled Node Ready, paired with a k3s agent that is started by hand on the same disk
storm   hundreds of hollow Pis switched on at once: time to visible, joins a minute, memory, API writes, and their growth
import  preview of a file of 1,000 claims at a client of the operators' API, as CSV and as YAML
ui      the page in a browser: script, time until it can be used, from a change to its paint, and with a thousand devices
`;

/** What a bench found: for programs, and as text for people. */
interface BenchResult {
  readonly figures: object;
  readonly text: string;
}

const BENCHES: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<BenchResult>>>> = {
  join: async () => {
    const { benchJoin } = await import('./join.ts');
    return async (options) => {
      const figures = await benchJoin(options);
      return { figures, text: table(figures) };
    };
  },
  import: async () => {
    const { benchImport } = await import('./import.ts');
    return async (options) => {
      const figures = await benchImport(options);
      return { figures, text: table(figures) };
    };
  },
  storm: async () => {
    const { benchStorm, growthText } = await import('./storm.ts');
    return async (options) => {
      const figures = await benchStorm(options);
      return { figures, text: growthText(figures) };
    };
  },
  ui: async () => {
    const { benchUi, uiText } = await import('./ui.ts');
    return async (options) => {
      const figures = await benchUi(options);
      return { figures, text: uiText(figures) };
    };
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '10' },
    sizes: { type: 'string', default: '100,300,1000' },
    json: { type: 'boolean', default: false },
    k3s: { type: 'string' },
    images: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const load = BENCHES[positionals[0] ?? ''];
if (values.help || load === undefined) {
  process.stdout.write(USAGE);
  process.exitCode = values.help ? 0 : 2;
} else {
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const bench = await load();
  const { k3s, images } = values;
  const result = await bench({ k3s, images, pairs: Number(values.pairs), sizes: sizesOf(values.sizes), say });
  if (values.json) {
    process.stderr.write(result.text);
    process.stdout.write(`${JSON.stringify(result.figures)}\n`);
  } else process.stdout.write(result.text);
  process.exit(0);
}

function sizesOf(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UsherError('USAGE', { detail: '--sizes is whole numbers with commas between them' });
}

function table(result: Record<string, Summary>): string {
  const rows = Object.entries(result).map(
    ([name, { p50, p95, max, n }]) =>
      `${name.padEnd(16)} p50 ${String(p50).padStart(8)}  p95 ${String(p95).padStart(8)}  max ${String(max).padStart(8)}  n ${String(n)}`,
  );
  return `${rows.join('\n')}\n`;
}

import { parseArgs } from 'node:util';
import { UsherError } from '../../foundation/errors.ts';
import type { BenchOptions } from './bench-options.ts';
import type { Summary } from './summary.ts';

const USAGE = `npm run bench -- NAME [--pairs N] [--sizes N,N,…] [--runs N] [--fault NAME,…] [--json] [--k3s PATH] [--images DIR]

join    claim → labelled Node Ready, paired with a k3s agent that is started by hand on the same disk
failover what a fault of the active node of a pair costs, at the device: --fault powerCut,linkCut,processKill,
        containerFrozen,apiServerGone,nodesApart (or usher for all six), stock, unfenced
place   a node becomes Ready → the first message of its service, on a warm disk; the images' load is told apart; and
        its sensor's adapter is plugged in → a process of the service
storm   hundreds of hollow Pis switched on at once: time to visible, joins a minute, memory, API writes, and their growth
node-memory what standby and device plugin take of a node's memory, beside a bare Node, and what a probe costs; needs root
import  preview of a file of 1,000 claims at a client of the operators' API, as CSV and as YAML
ui      the page in a browser: script, time until it can be used, from a change to its paint, and with a thousand devices
`;

/** What a bench found: for programs, and as text for people. */
interface BenchResult {
  readonly figures: object;
  readonly text: string;
  /** What must not be: with any, the bench ends with exit code 1. */
  readonly violations?: readonly string[];
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
  'node-memory': async () => {
    const { benchNodeMemory } = await import('./node-memory.ts');
    return async (options) => {
      const figures = await benchNodeMemory(options);
      return { figures, text: table(figures) };
    };
  },
  failover: async () => {
    const { benchFailover, failoverText } = await import('./failover.ts');
    const { violationsOf } = await import('./failover-verdict.ts');
    return async (options) => {
      const figures = await benchFailover(options);
      return { figures, text: failoverText(figures), violations: violationsOf(figures) };
    };
  },
  place: async () => {
    const { benchPlace } = await import('./place.ts');
    return async (options) => {
      const figures = await benchPlace(options);
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
    runs: { type: 'string', default: '20' },
    fault: { type: 'string', multiple: true, default: [] },
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
  const [runs] = sizesOf(values.runs);
  const faults = values.fault.flatMap((names) => names.split(',')).filter((name) => name !== '');
  const counts = { pairs: Number(values.pairs), sizes: sizesOf(values.sizes), runs: runs ?? 20, faults };
  const result = await bench({ k3s, images, ...counts, say });
  if (values.json) {
    process.stderr.write(result.text);
    process.stdout.write(`${JSON.stringify(result.figures)}\n`);
  } else process.stdout.write(result.text);
  const { violations = [] } = result;
  for (const violation of violations) say(`FAILED: ${violation}`);
  process.exit(violations.length === 0 ? 0 : 1);
}

function sizesOf(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UsherError('USAGE', { detail: '--sizes and --runs are whole numbers, several with commas between them' });
}

function table(result: Record<string, Summary>): string {
  const rows = Object.entries(result).map(
    ([name, { p50, p95, max, n }]) =>
      `${name.padEnd(16)} p50 ${String(p50).padStart(8)}  p95 ${String(p95).padStart(8)}  max ${String(max).padStart(8)}  n ${String(n)}`,
  );
  return `${rows.join('\n')}\n`;
}

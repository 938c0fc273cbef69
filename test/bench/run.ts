import { parseArgs } from 'node:util';
import type { BenchOptions } from './bench-options.ts';
import type { Summary } from './summary.ts';

const USAGE = `npm run bench -- NAME [--pairs N] [--json] [--k3s PATH] [--images DIR]

join    claim → labelled Node Ready, paired with a k3s agent that is started by hand on the same disk
`;

const BENCHES: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<Record<string, Summary>>>>> = {
  join: async () => (await import('./join.ts')).benchJoin,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: '10' },
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
  const result = await bench({ k3s: values.k3s, images: values.images, pairs: Number(values.pairs), say });
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(table(result));
  process.exit(0);
}

function table(result: Record<string, Summary>): string {
  const rows = Object.entries(result).map(
    ([name, { p50, p95, max, n }]) =>
      `${name.padEnd(16)} p50 ${String(p50).padStart(8)}  p95 ${String(p95).padStart(8)}  max ${String(max).padStart(8)}  n ${String(n)}`,
  );
  return `${rows.join('\n')}\n`;
}

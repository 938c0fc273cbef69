import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { CATALOGUE } from '../foundation/error-catalogue.ts';
import { importGraph } from './import-graph.ts';

/** A piece of a document that is made from the code: between two marker lines of that name. */
interface Generated {
  file: string;
  section: string;
  make: () => Promise<string>;
}

const GENERATED: readonly Generated[] = [
  { file: 'docs/errors.md', section: 'errors', make: () => Promise.resolve(errorsTable()) },
  { file: 'ARCHITECTURE.md', section: 'import-graph', make: importGraph },
];

const check = process.argv.includes('--check');
let stale = 0;
for (const { file, section, make } of GENERATED) {
  const text = await readFile(file, 'utf8');
  const made = await replaceSection(text, section, make);
  if (made === text) continue;
  if (check) {
    stale += 1;
    process.stderr.write(`${file}: section ${section} differs from the code; run npm run docs\n`);
    spawnSync('diff', ['-u', file, '-'], { input: made, stdio: ['pipe', 'inherit', 'inherit'] });
  } else {
    await writeFile(file, made);
    process.stdout.write(`${file}: section ${section} written\n`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;

async function replaceSection(text: string, section: string, make: () => Promise<string>): Promise<string> {
  const start = `<!-- generated: ${section} -->`;
  const end = `<!-- end: ${section} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) return `${text}\n(markers of ${section} are missing)\n`;
  return `${text.slice(0, from + start.length)}\n\n${await make()}\n${text.slice(to)}`;
}

function errorsTable(): string {
  const rows = Object.entries(CATALOGUE).map(
    ([code, { http, message, remedy }]) => `| \`${code}\` | ${String(http)} | ${cell(message)} | ${cell(remedy)} |`,
  );
  return ['| code | HTTP | what happened | what to do |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

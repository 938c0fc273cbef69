import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { ERROR_CLASSES } from '../foundation/error-catalogue.ts';
import { GENERATED_CLIENT, generatedClient } from './generate-client.ts';
import { errorPage, errorsTable, unexplained } from './error-pages.ts';
import { importGraph } from './import-graph.ts';
import { brokenTestLinks } from './test-links.ts';

/** A document of which a part, or all but what people wrote, is made from the code. */
interface Generated {
  file: string;
  make: (text: string) => Promise<string>;
}

const PAGES = Object.entries(ERROR_CLASSES).map(([name, entries]) => ({ file: `docs/errors/${name}.md`, entries }));
const GENERATED: readonly Generated[] = [
  { file: 'docs/errors.md', make: (text) => replaceSection(text, 'errors', errorsTable(ERROR_CLASSES)) },
  ...PAGES.map(({ file, entries }) => ({ file, make: (text: string) => Promise.resolve(errorPage(text, entries)) })),
  { file: GENERATED_CLIENT, make: generatedClient },
  { file: 'ARCHITECTURE.md', make: async (text) => replaceSection(text, 'import-graph', await importGraph()) },
];
/** Documents whose promises name the tests that keep them. */
const PROMISING = ['SECURITY.md', 'docs/what-happens-when.md'];

const check = process.argv.includes('--check');
const problems: string[] = [];
for (const { file, make } of GENERATED) {
  const text = existsSync(file) ? await readFile(file, 'utf8') : '';
  const made = await make(text);
  if (made === text) continue;
  if (check) {
    problems.push(`${file} differs from the code; run npm run docs`);
    spawnSync('diff', ['-u', file, '-'], { input: made, stdio: ['pipe', 'inherit', 'inherit'] });
  } else {
    await writeFile(file, made);
    process.stdout.write(`${file} written\n`);
  }
}
for (const { file } of PAGES) {
  for (const code of unexplained(await readFile(file, 'utf8'))) problems.push(`${file}: ${code} is not explained`);
}
for (const file of PROMISING) problems.push(...(await brokenTestLinks(file)));
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;

function replaceSection(text: string, section: string, made: string): Promise<string> {
  const start = `<!-- generated: ${section} -->`;
  const end = `<!-- end: ${section} -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) return Promise.resolve(`${text}\n(markers of ${section} are missing)\n`);
  return Promise.resolve(`${text.slice(0, from + start.length)}\n\n${made}\n${text.slice(to)}`);
}

import type { CatalogueEntry } from '../foundation/error-catalogue.ts';

type Entries = Readonly<Record<string, CatalogueEntry>>;

/** One row for each error, linked to its explanation in `docs/errors/`. */
export function errorsTable(classes: Readonly<Record<string, Entries>>): string {
  const rows = Object.entries(classes).flatMap(([name, entries]) =>
    Object.entries(entries).map(
      ([code, { http, message, remedy }]) =>
        `| [\`${code}\`](errors/${name}.md#${code.toLowerCase()}) | ${String(http)} | ${cell(message)} | ${cell(remedy)} |`,
    ),
  );
  return ['| code | HTTP | what happened | what to do |', '|---|---|---|---|', ...rows, ''].join('\n');
}

/**
 * The page of one class of errors: message and remedy of each code as the catalogue has them, then its explanation, which
 * people write and this leaves alone. New codes come at the end, without one.
 */
export function errorPage(text: string, entries: Entries): string {
  const known = sectionsOf(text);
  const intro = text.split(/^## /m)[0] ?? '';
  const codes = [...known.keys()].filter((code) => code in entries);
  for (const code of Object.keys(entries)) if (!codes.includes(code)) codes.push(code);
  const sections = codes.map((code) => {
    const entry = entries[code];
    const quoted = entry === undefined ? '' : `> ${entry.message} · *What to do:* ${entry.remedy}`;
    const explanation = known.get(code) ?? '';
    return `## ${code}\n\n${escaped(quoted)}\n${explanation === '' ? '' : `\n${explanation}\n`}`;
  });
  return `${intro.trimEnd()}\n\n${sections.join('\n')}`;
}

/** The codes of a page that nobody has explained yet. */
export function unexplained(text: string): string[] {
  return [...sectionsOf(text)].filter(([, explanation]) => explanation === '').map(([code]) => code);
}

function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>();
  for (const section of text.split(/^## /m).slice(1)) {
    const [code = '', ...lines] = section.split('\n');
    const own = lines.filter((line) => !line.startsWith('> '));
    sections.set(code.trim(), own.join('\n').trim());
  }
  return sections;
}

function cell(text: string): string {
  return escaped(text).replaceAll('|', '\\|');
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;');
}

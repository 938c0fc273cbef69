import { isMap, isScalar, Lexer, visit, type Document } from 'yaml';
import { UsherError } from '../../../foundation/errors.ts';
import { checkRowCount } from '../../core/manifest/file-text.ts';

/** A hundred for each of the most claims that a file may have. */
const MOST_TOKENS = 300_000;
const MOST_ALIASES = 1000;
const DEEPEST = 64;
const MOST_KEYS = 1000;
/** Told by the lexer beside the text itself (yaml, CST): the token behind the second is the content of a scalar. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f']);
const SCALAR = '\u001f';

/**
 * Looks through the tokens of a YAML file before anything is made of them: a parser takes seconds and gigabytes for what
 * no file of claims has (half a million documents, brackets in brackets, a thousand names for one thing).
 * @throws UsherError MANIFEST_TOO_LARGE, MANIFEST_MALFORMED
 */
export function checkYamlTokens(text: string): void {
  let [tokens, documents, aliases, brackets, dashes, offset] = [0, 0, 0, 0, 0, 0];
  let isContent = false;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MOST_TOKENS) throw new UsherError('MANIFEST_TOO_LARGE', { detail: 'it has too many parts' });
    const isSyntax = !isContent;
    isContent = token === SCALAR;
    if (MARKS.has(token)) continue;
    offset += token.length;
    if (!isSyntax) {
      dashes = 0;
      continue;
    }
    if (token === '---') documents += 1;
    else if (token.startsWith('*')) aliases += 1;
    else if (token === '[' || token === '{') brackets += 1;
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1);
    // `- - - x` and `? ? ? x` are nested without brackets.
    if (token === '-' || token === '?') dashes += 1;
    else if (token.trim() !== '' || token.includes('\n')) dashes = 0;
    checkRowCount(documents);
    if (aliases > MOST_ALIASES) throw new UsherError('MANIFEST_TOO_LARGE', { detail: 'it has too many aliases' });
    if (brackets > DEEPEST || dashes > DEEPEST) throw tooDeep(text, offset);
  }
}

/** What is wrong with the keys of a document's maps, and where; the library itself compares each with each. */
export function keyFault(document: Document.Parsed): { offset: number; detail: string } | undefined {
  let fault: { offset: number; detail: string } | undefined;
  visit(document, (_key, node) => {
    if (!isMap(node)) return undefined;
    const seen = new Set<string>();
    for (const { key } of node.items) {
      if (!isScalar(key)) continue;
      const offset = key.range?.[0] ?? 0;
      if (seen.has(String(key.value))) fault = { offset, detail: 'Map keys must be unique' };
      else if (seen.size === MOST_KEYS) fault = { offset, detail: `Here are more than ${MOST_KEYS} fields` };
      if (fault !== undefined) return visit.BREAK;
      seen.add(String(key.value));
    }
    return undefined;
  });
  return fault;
}

function tooDeep(text: string, offset: number): UsherError {
  const before = text.slice(0, offset).split('\n');
  const place = { line: before.length, column: Math.max(1, before.at(-1)?.length ?? 1) };
  return new UsherError('MANIFEST_MALFORMED', { ...place, detail: 'this is nested too deep' });
}

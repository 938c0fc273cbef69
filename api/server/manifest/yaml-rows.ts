import { isNode, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { UsherError } from '../../../foundation/errors.ts';
import { printable } from '../../../foundation/text.ts';
import { brokenDocument, documentRows, type Path } from '../../core/manifest/claim-document.ts';
import type { DraftRow, Place } from '../../core/manifest/draft.ts';
import { checkYamlTokens, keyFault } from './yaml-size.ts';

/** So many nodes may come from aliases (`*name`), those inside of others counted each time: a bomb has millions. */
const MOST_ALIASES = 1000;
const MAX_DETAIL = 300;

/**
 * The claims of a YAML file: documents of kind DeviceClaim or List, with the place of each field. A document that is no
 * YAML is a row of its own, which is invalid.
 * @throws UsherError MANIFEST_TOO_LARGE, MANIFEST_MALFORMED
 */
export function yamlRows(text: string): DraftRow[] {
  checkYamlTokens(text);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    logLevel: 'silent',
    uniqueKeys: false,
    prettyErrors: false,
  });
  // The library answers an empty file with an object of its own.
  return (Array.isArray(documents) ? documents : []).flatMap((document) => rowsOf(document, lines));
}

function rowsOf(document: Document.Parsed, lines: LineCounter): DraftRow[] {
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const top = document.contents === null ? document.range[0] : document.contents.range[0];
  const [error] = document.errors;
  if (error !== undefined) {
    const place = placeAt(error.pos[0]);
    return [brokenDocument(place, malformed(place, firstLine(error.message)))];
  }
  const fault = keyFault(document);
  if (fault !== undefined) {
    const place = placeAt(fault.offset);
    return [brokenDocument(place, malformed(place, fault.detail))];
  }
  const value = valueOf(document);
  if (value instanceof UsherError) return [brokenDocument(placeAt(top), malformed(placeAt(top), value.message))];
  if (value === null || value === undefined) return [];
  const placeOf = (path: Path): Place => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = offsetOf(document, path.slice(0, length));
      if (offset !== undefined) return placeAt(offset);
    }
    return placeAt(top);
  };
  return documentRows(value, placeOf);
}

/** The document as plain values, or why it cannot be had. */
function valueOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    // An alias to nothing, or too many of them.
    if (!(error instanceof ReferenceError)) throw error;
    return new UsherError('CLAIM_INVALID', { detail: error.message }, { cause: error });
  }
}

function offsetOf(document: Document.Parsed, path: Path): number | undefined {
  const node = document.getIn(path, true);
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}

function malformed({ line, column = 1 }: Place, detail: string): UsherError {
  return new UsherError('MANIFEST_MALFORMED', { line, column, detail });
}

/** The library adds where it is, which is told already, and the lines around. */
function firstLine(message: string): string {
  const [first = ''] = message.split('\n');
  return printable(first.replace(/ at line \d+, column \d+:?$/, ''), MAX_DETAIL);
}

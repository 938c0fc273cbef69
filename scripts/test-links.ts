import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasErrno } from '../foundation/errors.ts';

const LINK = /\[([^\]]+)\]\(([^)#]+\.test\.ts)\)/g;

/**
 * The links of a document to tests that do not hold: `[title](path.test.ts)`, where the file does not exist or has no test
 * of that title (as it stands in the source). Whoever renames a test finds the promise that it keeps.
 */
export async function brokenTestLinks(document: string): Promise<string[]> {
  const text = await readFile(document, 'utf8');
  const broken: string[] = [];
  for (const [, title = '', path = ''] of text.matchAll(LINK)) {
    const source = await readSource(join(dirname(document), path));
    if (source === undefined) broken.push(`${document}: there is no ${path}`);
    else if (!source.includes(title.replaceAll('\\', ''))) broken.push(`${document}: ${path} has no test “${title}”`);
  }
  return broken;
}

async function readSource(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import { type Matcher, parseMatchers } from '../core/matchers.ts';

const SHIPPED = new URL('../matchers.yaml', import.meta.url);

/**
 * Reads the matchers that come with Usher, or those of another file.
 * @throws UsherError MATCHERS_INVALID
 */
export async function loadMatchers(path: string | URL = SHIPPED): Promise<Matcher[]> {
  return parseMatchers(await readYaml(path));
}

async function readYaml(path: string | URL): Promise<unknown> {
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsherError('MATCHERS_INVALID', { detail: messageOf(error) }, { cause: error });
  }
}

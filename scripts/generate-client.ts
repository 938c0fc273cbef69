import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { openApiDocument } from '../api/server/openapi.ts';

export const GENERATED_CLIENT = 'api/client/generated.ts';

const HEADER =
  '// Made from the OpenAPI document by npm run docs. Change the schemas and paths of the API instead.\n\n';

/** The types of every path, request and reply of the OpenAPI document, as a TypeScript module. */
export async function generatedClient(): Promise<string> {
  // As JSON has it: what programs get, without fields that are undefined. Types need no examples.
  const plain = JSON.stringify(openApiDocument(), (key, value: unknown) => (key === 'example' ? undefined : value));
  const document = JSON.parse(plain) as OpenAPI3;
  const text = astToString(await openapiTS(document, { alphabetize: true, exportType: true }))
    // Empty, and wanted by nobody.
    .replaceAll(/^export type (?:webhooks|\$defs) = .*\n/gm, '');
  const options = (await resolveConfig(GENERATED_CLIENT)) ?? {};
  return await format(HEADER + text, { ...options, filepath: GENERATED_CLIENT });
}

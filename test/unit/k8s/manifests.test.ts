import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../../k8s/install.ts';

type Json = Record<string, unknown>;

/** Every path in a schema whose property has no description. */
function undescribed(schema: Json, path: string): string[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Json>);
  const items = schema['items'] as Json | undefined;
  return [
    ...properties.flatMap(([name, property]) => [
      ...(typeof property['description'] === 'string' || path + name === 'metadata' ? [] : [path + name]),
      ...undescribed(property, `${path}${name}.`),
    ]),
    ...(items === undefined ? [] : undescribed(items, path)),
  ];
}

function schemaOf(crd: object): Json {
  const [version] = (crd as { spec: { versions: { schema: { openAPIV3Schema: Json } }[] } }).spec.versions;
  return version?.schema.openAPIV3Schema ?? {};
}

describe('manifests', () => {
  it('are all installed by name, with a label that says whose they are', async () => {
    const files = await readdir(join(import.meta.dirname, '../../../k8s/manifests'));
    const objects = (await Promise.all(files.map(readManifest))).flat();
    expect(objects.length).toBeGreaterThan(15);
    for (const { kind, metadata } of objects) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({ 'app.kubernetes.io/managed-by': 'usher' });
    }
  });

  it.each(['device-crd.yaml', 'device-claim-crd.yaml'])('%s describes every field', async (file) => {
    const [crd = {}] = await readManifest(file);
    expect(undescribed(schemaOf(crd), '')).toEqual([]);
    expect(Object.keys(schemaOf(crd)['properties'] as Json)).toContain('status');
  });
});

import { cruise, type ICruiseResult } from 'dependency-cruiser';

/** The product's folders, in the order of a device's way; what is not here (tests, scripts) is not drawn. */
const PARTS = [
  'cli',
  'lab',
  'appliance',
  'api',
  'ui',
  'bootstrap-image',
  'discovery',
  'join',
  'node',
  'oci',
  'examples',
  'k8s',
  'foundation',
] as const;

/**
 * The imports between the product's folders as a Mermaid graph: one box per folder, one arrow where at least one file
 * imports from the other. Measured from the code at each call; sorted, so that equal code gives equal text.
 */
export async function importGraph(): Promise<string> {
  const { output } = await cruise([...PARTS], {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)dist/', 'node_modules'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  });
  const arrows = new Set<string>();
  for (const module of (output as ICruiseResult).modules) {
    for (const { resolved } of module.dependencies) {
      const from = partOf(module.source);
      const to = partOf(resolved);
      if (from !== undefined && to !== undefined && from !== to) arrows.add(`  ${from} --> ${to}`);
    }
  }
  return ['```mermaid', 'graph TD', ...[...arrows].sort(), '```', ''].join('\n');
}

function partOf(path: string): string | undefined {
  return PARTS.find((part) => path.startsWith(`${part}/`));
}

import { readManifest } from '../../k8s/install.ts';

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

/** A container of what runs on every node, as far as tests look at it. */
export interface NodeContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
}

/** The containers of k8s/manifests/usher-node.yaml. */
export async function nodeContainers(): Promise<readonly NodeContainer[]> {
  const [manifest] = await readManifest('usher-node.yaml');
  const { spec } = manifest as unknown as { spec: { template: { spec: { containers: NodeContainer[] } } } };
  return spec.template.spec.containers;
}

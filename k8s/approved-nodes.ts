import type { KubeClient } from './client/kube-client.ts';
import { APPROVED_NODES, CONFIG_MAP, USHER_NAMESPACE } from './core/resources.ts';

const NAME = { name: APPROVED_NODES, namespace: USHER_NAMESPACE };

/**
 * Lists a node name, so that a machine may create a Node under it (policy usher-approved-nodes). Only this one key is
 * written, so that several can be listed at the same time. `note` says why, for people.
 */
export async function approveNodeName(kube: KubeClient, nodeName: string, note: string): Promise<void> {
  await kube.mergePatch(CONFIG_MAP, NAME, { data: { [nodeName]: note } });
}

/** Takes a node name off the list; one that is not on it is no error. The Node itself stays. */
export async function withdrawNodeName(kube: KubeClient, nodeName: string): Promise<void> {
  await kube.mergePatch(CONFIG_MAP, NAME, { data: { [nodeName]: null } });
}

/** The listed names. */
export async function approvedNodeNames(kube: KubeClient): Promise<string[]> {
  return Object.keys((await kube.get(CONFIG_MAP, NAME))?.data ?? {});
}

/** The listed names that no ticket put there: masters, nodes from before Usher, and those an operator added. */
export async function namesFromBeforeUsher(kube: KubeClient): Promise<string[]> {
  const entries = Object.entries((await kube.get(CONFIG_MAP, NAME))?.data ?? {});
  return entries.filter(([, note]) => !note.startsWith('ticket ')).map(([nodeName]) => nodeName);
}

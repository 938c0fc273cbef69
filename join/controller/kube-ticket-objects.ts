import { systemRandom } from '../../foundation/random.ts';
import { approveNodeName, withdrawNodeName } from '../../k8s/approved-nodes.ts';
import { createBootstrapToken, deleteBootstrapToken } from '../../k8s/bootstrap-token.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { APPROVED_NODES, CONFIG_MAP, USHER_NAMESPACE } from '../../k8s/core/resources.ts';
import { bindNodePassword, releaseNodePassword } from '../../k8s/node-password.ts';
import type { TicketObjects } from './ports.ts';

const NOTE = /^ticket ([a-z0-9]{6})$/;

/** A ticket's objects in Kubernetes. `isOfTicket`: whether a hash is of a node password that Usher gave out for a name. */
export function kubeTicketObjects(
  kube: KubeClient,
  isOfTicket: (nodeName: string, hash: string) => Promise<boolean>,
): TicketObjects {
  return {
    ensureNodePassword: (nodeName, password, hash) =>
      bindNodePassword(kube, {
        nodeName,
        password,
        hash,
        random: systemRandom,
        isOfEarlierTicket: (other) => isOfTicket(nodeName, other),
      }),
    removeNodePassword: async (nodeName) => {
      await releaseNodePassword(kube, nodeName);
    },
    listName: (nodeName, ticketId) => approveNodeName(kube, nodeName, `ticket ${ticketId}`),
    unlistName: (nodeName) => withdrawNodeName(kube, nodeName),
    listedForTickets: async () => {
      const list = await kube.get(CONFIG_MAP, { name: APPROVED_NODES, namespace: USHER_NAMESPACE });
      return Object.entries(list?.data ?? {}).flatMap(([nodeName, note]) => {
        const ticketId = NOTE.exec(note)?.[1];
        return ticketId === undefined ? [] : [{ nodeName, ticketId }];
      });
    },
    ensureBootstrapToken: ({ id, secret, expiresAtMs, nodeName }) =>
      createBootstrapToken(kube, {
        token: { id, secret },
        expiresAtMs,
        description: `usher ticket ${id} for node ${nodeName}`,
      }),
    deleteBootstrapToken: async (tokenId) => {
      await deleteBootstrapToken(kube, tokenId);
    },
  };
}

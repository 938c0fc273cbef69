import type { Secret } from '../../foundation/secret.ts';
import type { DeviceClaim, KubeObject, Node } from '../../k8s/core/resources.ts';

/** The objects of the cluster that a ticket is made of. Every call is idempotent. */
export interface TicketObjects {
  /**
   * Makes the node-password Secret, or finds the very same one; one that Usher made for an earlier ticket is replaced.
   * @returns the hash that is bound: another one when k3s wrote the Secret, of the password of an earlier ticket
   * @throws UsherError NODE_PASSWORD_FOREIGN
   */
  ensureNodePassword(nodeName: string, password: Secret, hash: string): Promise<string>;
  /** Removes our Secret of a name that no Node has. */
  removeNodePassword(nodeName: string): Promise<void>;
  /** Puts the name on the allow-list, and beside it which ticket it is for. */
  listName(nodeName: string, ticketId: string): Promise<void>;
  unlistName(nodeName: string): Promise<void>;
  /** The names on the allow-list that are there for a ticket, with its id; not those of Nodes that were there before. */
  listedForTickets(): Promise<{ nodeName: string; ticketId: string }[]>;
  ensureBootstrapToken(token: { id: string; secret: Secret; expiresAtMs: number; nodeName: string }): Promise<void>;
  deleteBootstrapToken(tokenId: string): Promise<void>;
}

/** What a claim means for a Node. */
export interface NodeLabels {
  /** True when the Node carries just what the claim wants. */
  isApplied(node: Node, device: string, claim: DeviceClaim): boolean;
  apply(node: Node, device: string, claim: DeviceClaim): Promise<void>;
  /** Id of the device from which the Node came, when it says so. */
  deviceOf(node: Node): string | undefined;
  /** True when the claim that was applied last says Release. */
  saysRelease(node: Node): boolean;
  /**
   * One step of draining this incarnation of the Node; deletes it when no pod is left on it.
   * @returns pods that are still leaving; 0 when the Node is deleted
   */
  release(node: Node): Promise<{ left: number }>;
}

/** Kubernetes Events (`k8s/events.ts`). Never fails: a lost Event is logged. */
export interface EventSink {
  record(
    regarding: KubeObject,
    happening: { type: 'Normal' | 'Warning'; reason: string; message: string; action: string },
  ): Promise<void>;
}

import type { Device } from '../../k8s/core/resources.ts';
import type { RevocationView } from './schemas.ts';

/** A pod on the node, as the operator weighs it. */
export interface PodAtStake {
  namespace: string;
  name: string;
  owner?: string;
  movable: boolean;
  /** Names of the Secrets in its namespace that it reads. */
  secrets: readonly string[];
}

export interface RevocationFacts {
  device: string;
  /** The node that exists now. */
  nodeName?: string | undefined;
  pods: readonly PodAtStake[];
  /** Whether it ever had a ticket: then it may hold certificates of the cluster. */
  hadTicket: boolean;
}

/** What revoking a device stops, and what is left to whoever holds the board. */
export function revocationView(facts: RevocationFacts): RevocationView {
  const { device, nodeName, pods } = facts;
  const secrets = new Map(
    pods.flatMap(({ namespace, secrets: names }) => names.map((name) => [`${namespace}/${name}`, { namespace, name }])),
  );
  return {
    device,
    ...(nodeName === undefined ? {} : { nodeName }),
    pods: pods.map(({ namespace, name, owner, movable }) => {
      return { namespace, name, ...(owner === undefined ? {} : { owner }), movable };
    }),
    secrets: [...secrets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, secret]) => secret),
    afterwards: afterwards(facts, secrets.size),
  };
}

/** Whether a Device was ever given a ticket. */
export function hadTicket({ status }: Device): boolean {
  return status?.nodeRef !== undefined || status?.join?.nodeName !== undefined;
}

/** Sentences that hide nothing: Kubernetes cannot call a client certificate back. */
function afterwards({ nodeName, hadTicket: joined }: RevocationFacts, secrets: number): string[] {
  if (!joined) {
    return [
      'It never had a ticket, so it holds no certificate of the cluster: nothing is left to it but to knock and be refused.',
    ];
  }
  const name = nodeName === undefined ? 'its name' : `the name ${nodeName}`;
  return [
    `The board stops k3s at its next check-in, at most about two minutes later, when it is on and reaches the appliance. A board that is off, or that somebody keeps from calling, stops nothing by itself: pods that run on it are out of reach, whatever the cluster says.`,
    'Whoever holds the board holds its k3s-controller certificate, valid for up to 365 days: with it all pods and nodes of the site can be listed until the CA of the cluster is rotated (usher ca). It can change no label.',
    `Its kubelet certificate stays genuine too, but the API server refuses to make a node with it: ${name} is retired for good.`,
    secrets === 0
      ? 'No pod on it reads a Secret now; earlier pods may have, and what they read may be on its disk.'
      : `The ${secrets === 1 ? 'Secret' : `${String(secrets)} Secrets`} that its pods read may be known to whoever holds the board: change what they hold.`,
    'Usher does not close the port of the switch: unplug the board, or block it there.',
  ];
}

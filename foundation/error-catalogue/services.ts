import type { CatalogueEntry } from './entry.ts';

/** What runs on the nodes: sensor services, their devices, images and roles. */
export const SERVICE_ERRORS = {
  KUBELET_REFUSED: {
    http: 502,
    message: 'The kubelet did not take the resource {resource}: {detail}',
    remedy: 'It is offered again as soon as the kubelet is back. On the node, journalctl -u k3s-agent says more.',
  },
  DEVICE_GONE: {
    http: 410,
    message: 'The device file {path} is no longer there',
    remedy: 'Plug the device in again: the service starts by itself.',
  },
  GRANT_SOCKET_FAILED: {
    http: 500,
    message: 'The grant socket {path} cannot be made: {detail}',
    remedy: 'It is tried again by itself. On the node, look at /run/usher: it must be a writable folder of the host.',
  },
  FENCING_BLIND: {
    http: 500,
    message: 'No process of pod {pod} of the service {service} can be seen on this node, so it cannot be fenced',
    remedy: 'The standby needs the PID namespace of the host (hostPID). Until then the service is never active here.',
  },
  FENCING_STUCK: {
    http: 500,
    message: 'The processes of pod {pod} of the service {service} do not end when they are killed',
    remedy:
      'They wait for a device. Unplug it or switch the node off; the other node takes over when the lease has run out.',
  },
  GRANT_MISSING: {
    http: 409,
    message: 'This service has no grant for the unit {unit} now',
    remedy: 'Act only between onGrant and onEnd; another node may be active.',
  },
  SERVICE_UNKNOWN: {
    http: 404,
    message: 'There is no sensor service {service}',
    remedy: 'usher services lists them all, as NAMESPACE/NAME.',
  },
  SERVICE_UNIT_UNKNOWN: {
    http: 404,
    message: 'The service {service} has no unit {unit} that can change hands',
    remedy:
      'usher service NAMESPACE/NAME shows its units. Where all nodes are active side by side, none changes hands.',
  },
  SERVICE_NODE_NO_CANDIDATE: {
    http: 409,
    message: 'Node {node} may not run the unit {unit}',
    remedy: 'Choose one of {candidates}: the others lack the labels, or are of another pair.',
  },
  SERVICE_NODE_NOT_READY: {
    http: 409,
    message: 'Node {node} cannot take the unit {unit}: {why}',
    remedy: 'See to that first; the unit stays where it is until then.',
  },
  SERVICE_UNIT_ALONE: {
    http: 409,
    message: 'No other node may run the unit {unit}',
    remedy: 'Make a pair of two nodes in their claims, or give another node the labels and set takeover: SimilarNode.',
  },
  SERVICE_ALREADY_ACTIVE: {
    http: 409,
    message: 'The unit {unit} is active on node {node} already',
    remedy: 'There is nothing to hand over.',
  },
  SERVICE_UNIT_IDLE: {
    http: 409,
    message: 'Nobody is active in the unit {unit}, so nobody can hand it over',
    remedy: 'A node that is ready takes it by itself. What keeps them from it, usher service NAMESPACE/NAME says.',
  },
  TAKEOVER_NOT_NEEDED: {
    http: 409,
    message: 'The unit {unit} needs no word of yours to be taken over',
    remedy: 'Only a unit that is set to HoldLast and whose holder went silent waits for one; any other is handed over.',
  },
  SERVICE_ENVIRONMENT_INVALID: {
    http: 400,
    message: 'The environment variable {name} is missing or not understood',
    remedy: 'Run the service as a SensorService: Usher sets its environment. To try it by hand, set the variable.',
  },
} as const satisfies Record<string, CatalogueEntry>;

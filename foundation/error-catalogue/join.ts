import type { CatalogueEntry } from './entry.ts';

/** From ticket to labelled node. */
export const JOIN_ERRORS = {
  TICKET_TIMED_OUT: {
    http: 504,
    message: 'The ticket could not be made within {limitSec} s',
    remedy: 'A new one is made by itself. If it happens again, look whether the Kubernetes API answers.',
  },
  TICKET_FAILED: {
    http: 502,
    message: 'The ticket could not be made: {detail}',
    remedy: 'What was made of it was undone, and a new one is tried by itself.',
  },
  NODE_PASSWORD_FOREIGN: {
    http: 409,
    message: 'A node password for {nodeName} exists that Usher did not make',
    remedy:
      'A join token may have leaked. Do not use this name again; look in the audit log of Kubernetes who made Secret {secret}.',
  },
  NODE_PASSWORD_UNEXPECTED: {
    http: 409,
    message: 'Somebody used a join token under the name {nodeName}, for which Usher gave out no ticket',
    remedy:
      'A join token may have leaked. The node was refused and the name {nodeName} is retired. Look in the audit log of Kubernetes who made Secret kube-system/{secret}, revoke the devices that joined about then, and rotate the cluster CA if one of them is not trusted. If you joined that machine by hand, list its name in ConfigMap usher-system/approved-nodes first.',
  },
  NODE_NOT_SEEN: {
    http: 504,
    message: 'No node {nodeName} appeared within {limitSec} s of the ticket',
    remedy: 'A new ticket is tried by itself. On the device, journalctl -u k3s-agent says why k3s does not start.',
  },
  NODE_LABELS_FAILED: {
    http: 502,
    message: 'The labels of node {nodeName} could not be set: {detail}',
    remedy: 'It is tried again by itself. Another manager may own one of the labels.',
  },
  NODE_GONE: {
    http: 410,
    message: 'The node {nodeName} was deleted',
    remedy: 'The device joins again by itself at its next check-in; delete the claim if it should not.',
  },
  NODE_DRAINING: {
    http: 409,
    message: 'The node of another device must go first: {detail}',
    remedy:
      'Nothing to do: its pods are moved away within a minute, then the node is deleted and the join goes on by itself.',
  },
  TOO_MANY_ATTEMPTS: {
    http: 429,
    message: 'The device failed to join {attempts} times in a day',
    remedy: 'Mend what the last failure named, then press Retry or run usher device retry.',
  },
  HARDWARE_CHANGED: {
    http: 409,
    message: 'The key of this device came back on other hardware: serial {actual} instead of {expected}',
    remedy:
      'Somebody moved or copied the card. If that was you, press Retry or run usher device retry; else revoke the device.',
  },
  STATE_UNKNOWN: {
    http: 500,
    message: 'The recorded join state {state} is not known to this version',
    remedy: 'The device starts over from pending by itself. A newer appliance may have written it.',
  },
  DEVICE_REPORTED: {
    http: 502,
    message: 'The device says: {detail}',
    remedy: 'The detail is what the device saw; it tries again by itself.',
  },
} as const satisfies Record<string, CatalogueEntry>;

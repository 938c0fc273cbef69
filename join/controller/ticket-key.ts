import { createHmac } from 'node:crypto';
import { isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Random } from '../../foundation/random.ts';
import { Secret } from '../../foundation/secret.ts';
import type { KubeClient } from '../../k8s/client/kube-client.ts';
import { MANAGED_BY, SECRET, USHER_NAMESPACE, type KubeSecret } from '../../k8s/core/resources.ts';

const NAME = 'ticket-key';
const FIELD = 'key';
const KEY_BYTES = 32;

/** The key from which every ticket's secrets are derived (HMAC-SHA-256). It never leaves the cluster. */
export class TicketKey {
  readonly #key: Secret;

  /** @param key base64 of 32 bytes */
  constructor(key: Secret) {
    if (Buffer.from(key.reveal(), 'base64').length !== KEY_BYTES) {
      throw new UsherError('TICKET_FAILED', { detail: `Secret ${USHER_NAMESPACE}/${NAME} holds no 32-byte key` });
    }
    this.#key = key;
  }

  /** 64 bytes that only this key gives for `label`. */
  derive(label: string): Uint8Array {
    const key = Buffer.from(this.#key.reveal(), 'base64');
    return Buffer.concat(
      [0, 1].map((block) =>
        createHmac('sha256', key)
          .update(`${label}/${String(block)}`)
          .digest(),
      ),
    );
  }
}

/** The key kept in Secret usher-system/ticket-key, made there when it is missing. */
export async function loadOrCreateTicketKey(options: { kube: KubeClient; random: Random }): Promise<TicketKey> {
  const { kube, random } = options;
  const name = { name: NAME, namespace: USHER_NAMESPACE };
  const found = await kube.get(SECRET, name);
  if (found !== undefined) return keyIn(found);
  try {
    return keyIn(
      await kube.create(SECRET, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { ...name, labels: { ...MANAGED_BY } },
        type: 'Opaque',
        data: { [FIELD]: Buffer.from(random.bytes(KEY_BYTES)).toString('base64') },
      }),
    );
  } catch (error) {
    // Another appliance made it at the same moment: that one counts.
    if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
    const made = await kube.get(SECRET, name);
    if (made === undefined) throw error;
    return keyIn(made);
  }
}

function keyIn(secret: KubeSecret): TicketKey {
  return new TicketKey(new Secret(secret.data?.[FIELD] ?? ''));
}

import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { isUsherError, UsherError } from '../foundation/errors.ts';
import type { Random } from '../foundation/random.ts';
import type { Secret } from '../foundation/secret.ts';
import type { KubeClient, ObjectName } from './client/kube-client.ts';
import { isManagedByUsher, MANAGED_BY, NODE, SECRET, type KubeSecret } from './core/resources.ts';

const derive = promisify<string, Uint8Array, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/** The two costs of hashes that are read, as log2 N: Usher's own, and that of hashes which k3s wrote itself. */
const OWN_COST = 10;
const COSTS: readonly number[] = [OWN_COST, 15];
/** Of a hash by k3s: it takes 32 MiB, and the check of OpenSSL wants some more than it takes. */
const MOST_BYTES = 64 * 2 ** 20;
const SALT_BYTES = 8;
const KEY_BYTES = 64;

/**
 * A hash under which k3s keeps a node password: `$1:<salt, hex>:<log2 N>:8:1:<scrypt of the password, base64 without
 * padding>` (notes: the join contract of k3s, line 5). k3s takes the cost from the hash it verifies. By itself it uses
 * 15 (32 MiB, about 60 ms), as people may choose a node password there; Usher's are random bits of the length of a key,
 * which no cost makes harder to guess, and a thousand of them are hashed while a site starts: 10 takes 1 MiB and 2 ms.
 * Off the event loop.
 */
export async function hashNodePassword(password: Secret, salt: Uint8Array): Promise<string> {
  return await hashAtCost(password, salt, OWN_COST);
}

/** Whether `hash`, made by Usher or by k3s, is one of `password`; false also for a hash of another form. */
export async function verifyNodePassword(password: Secret, hash: string): Promise<boolean> {
  const [, saltHex = '', cost] = /^\$1:([0-9a-f]{16}):(\d{1,2}):8:1:[A-Za-z0-9+/]+$/.exec(hash) ?? [];
  if (!COSTS.includes(Number(cost))) return false;
  const expected = Buffer.from(await hashAtCost(password, Buffer.from(saltHex, 'hex'), Number(cost)));
  const given = Buffer.from(hash);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

async function hashAtCost(password: Secret, salt: Uint8Array, cost: number): Promise<string> {
  const key = await derive(password.reveal(), salt, KEY_BYTES, { N: 2 ** cost, r: 8, p: 1, maxmem: MOST_BYTES });
  return `$1:${Buffer.from(salt).toString('hex')}:${String(cost)}:8:1:${key.toString('base64').replace(/=+$/, '')}`;
}

export interface NodePasswordOptions {
  nodeName: string;
  password: Secret;
  random: Random;
  /** {@link hashNodePassword} of the password, made beforehand because it takes long; the same each time for the same one. */
  hash?: string;
  /**
   * Whether Usher gave out the password of this hash with an earlier ticket for the name: a machine that boots with it
   * while its Node is gone makes k3s keep it anew.
   */
  isOfEarlierTicket?: (hash: string) => Promise<boolean>;
}

/**
 * Binds a node name to a password before its machine joins: k3s then refuses the name to every other machine. Binding it
 * again to the same password changes nothing; one that Usher bound to another password earlier is bound anew. One that
 * k3s keeps for a Node that is gone (it owns the Secret; notes: contract line 6) is rubbish, whoever made it. One that k3s
 * wrote of the password of an earlier ticket stays: only what carries Usher's label is Usher's to delete.
 * @returns the hash that is bound
 * @throws UsherError NODE_PASSWORD_FOREIGN when k3s or somebody else made the Secret
 */
export async function bindNodePassword(kube: KubeClient, options: NodePasswordOptions): Promise<string> {
  const { nodeName, password, random } = options;
  const name = nameOf(nodeName);
  const existing = await kube.get(SECRET, name);
  if (existing !== undefined) {
    const hash = Buffer.from(existing.data?.['hash'] ?? '', 'base64').toString();
    if (!(await isLeftOver(kube, existing, nodeName))) {
      if (!isManagedByUsher(existing)) {
        if ((await options.isOfEarlierTicket?.(hash)) === true) return hash;
        throw new UsherError('NODE_PASSWORD_FOREIGN', { nodeName, secret: name.name });
      }
      const isSame = options.hash === undefined ? await verifyNodePassword(password, hash) : hash === options.hash;
      if (isSame) return hash;
    }
    // The Secret is immutable, so another password needs another Secret.
    await kube.delete(SECRET, name, existing.metadata.uid === undefined ? {} : { uid: existing.metadata.uid });
  }
  const hash = options.hash ?? (await hashNodePassword(password, random.bytes(SALT_BYTES)));
  try {
    await kube.create(SECRET, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...name, labels: { ...MANAGED_BY } },
      type: 'k3s.cattle.io/node-password',
      immutable: true,
      data: { hash: Buffer.from(hash).toString('base64') },
    });
    return hash;
  } catch (error) {
    // It was not there a moment ago: whoever made it meanwhile was not this ticket.
    if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
    throw new UsherError('NODE_PASSWORD_FOREIGN', { nodeName, secret: name.name }, { cause: error });
  }
}

/** True when the Secret belongs to a Node that is gone: the garbage collector is about to delete it. */
async function isLeftOver(kube: KubeClient, { metadata }: KubeSecret, nodeName: string): Promise<boolean> {
  const owners = (metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'Node');
  if (owners.length === 0) return false;
  const node = await kube.get(NODE, { name: nodeName });
  return !owners.some(({ uid }) => uid === node?.metadata.uid);
}

/** Frees a name that was bound but never joined: false when it was not bound by Usher. Needed after a failed ticket. */
export async function releaseNodePassword(kube: KubeClient, nodeName: string): Promise<boolean> {
  const existing = await kube.get(SECRET, nameOf(nodeName));
  if (existing === undefined || !isManagedByUsher(existing)) return false;
  const { uid } = existing.metadata;
  return await kube.delete(SECRET, nameOf(nodeName), uid === undefined ? {} : { uid });
}

function nameOf(nodeName: string): ObjectName & { namespace: string } {
  return { name: `${nodeName}.node-password.k3s`, namespace: 'kube-system' };
}

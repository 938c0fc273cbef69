import { toRfc3339 } from '../foundation/clock.ts';
import { isUsherError, UsherError } from '../foundation/errors.ts';
import type { Random } from '../foundation/random.ts';
import { Secret } from '../foundation/secret.ts';
import type { KubeClient, ObjectName } from './client/kube-client.ts';
import { isManagedByUsher, type KubeSecret, MANAGED_BY, SECRET } from './core/resources.ts';

/** A Kubernetes bootstrap token; both parts are `[a-z0-9]`, 6 and 16 characters. */
export interface BootstrapToken {
  id: string;
  secret: Secret;
}

export interface BootstrapTokenOptions {
  token: BootstrapToken;
  expiresAtMs: number;
  /** For people, for instance the ticket and node it belongs to. Never a secret. */
  description: string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const AGENT_GROUP = 'system:bootstrappers:k3s:default-node-token';

/** A new token from `random` (82 bits of secret). */
export function makeBootstrapToken(random: Random): BootstrapToken {
  return { id: randomText(random, 6), secret: new Secret(randomText(random, 16)) };
}

/** The token in the form that carries the hash of the cluster's CA, without which an agent would trust any server. */
export function joinTokenOf(caHash: string, token: BootstrapToken): Secret {
  return new Secret(`K10${caHash}::${token.id}.${token.secret.reveal()}`);
}

/**
 * Makes the Secret that lets agents join with `token` until it expires or is deleted. Making the same token again only
 * moves its expiry.
 * @throws UsherError KUBE_ALREADY_EXISTS when the id belongs to another token
 */
export async function createBootstrapToken(kube: KubeClient, options: BootstrapTokenOptions): Promise<void> {
  const wanted = secretOf(options);
  try {
    await kube.create(SECRET, wanted);
  } catch (error) {
    if (!isUsherError(error, 'KUBE_ALREADY_EXISTS')) throw error;
    const existing = await kube.get(SECRET, nameOf(options.token.id));
    if (existing === undefined) {
      await kube.create(SECRET, wanted);
      return;
    }
    const same = existing.data?.['token-secret'] === wanted.data?.['token-secret'] && isManagedByUsher(existing);
    if (!same) throw new UsherError('KUBE_ALREADY_EXISTS', error.params, { cause: error });
    await kube.replace(SECRET, { ...existing, data: { ...existing.data, ...wanted.data } });
  }
}

/** Burns the token: false when there was none any more. */
export async function deleteBootstrapToken(kube: KubeClient, tokenId: string): Promise<boolean> {
  return await kube.delete(SECRET, nameOf(tokenId));
}

function secretOf({ token, expiresAtMs, description }: BootstrapTokenOptions): KubeSecret {
  const data = {
    'token-id': token.id,
    'token-secret': token.secret.reveal(),
    expiration: toRfc3339(expiresAtMs).replace(/\.\d+Z$/, 'Z'),
    description,
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': AGENT_GROUP,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...nameOf(token.id), labels: { ...MANAGED_BY } },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  };
}

function nameOf(tokenId: string): ObjectName & { namespace: string } {
  return { name: `bootstrap-token-${tokenId}`, namespace: 'kube-system' };
}

/** Even choice among 36 characters: bytes from 252 on would favour the first ones and are thrown away. */
function randomText(random: Random, length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length - text.length)) if (byte < 252) text += ALPHABET.charAt(byte % 36);
  }
  return text;
}

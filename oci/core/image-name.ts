import { UsherError } from '../../foundation/errors.ts';
import { printable } from '../../foundation/text.ts';

/** The host in the names of this site's own images; no machine is called so, and nodes ask the appliance for all hosts. */
export const OWN_HOST = 'usher.internal';
/** What a name without a host means to everybody since Docker. */
const DEFAULT_HOST = 'docker.io';
const MOST_CHARACTERS = 255;

/** A name as nodes ask for it: `host/repository:tag`. */
export interface ImageName {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

/** distribution-spec v1.1, "Pulling manifests". */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?$/;

/**
 * Reads a name as people and programs write it: `tank` is `docker.io/library/tank:latest`, as it is for a kubelet.
 * @throws UsherError OCI_NAME_INVALID
 */
export function parseImageName(text: string): ImageName {
  const invalid = (): UsherError => new UsherError('OCI_NAME_INVALID', { name: printable(text, 128) });
  if (text.length > MOST_CHARACTERS || text.includes('@')) throw invalid();
  const [first = '', ...rest] = text.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = isHost ? first : DEFAULT_HOST;
  const path = isHost ? rest.join('/') : text;
  const colon = path.lastIndexOf(':');
  const bare = colon < 0 ? path : path.slice(0, colon);
  const repository = host === DEFAULT_HOST && !bare.includes('/') ? `library/${bare}` : bare;
  const tag = colon < 0 ? 'latest' : path.slice(colon + 1);
  if (!HOST.test(host) || !isRepository(repository) || !isTag(tag)) throw invalid();
  return { host, repository, tag };
}

/** The whole name: what nodes are told, and what the site keeps the image under. */
export function fullName({ host, repository, tag }: ImageName): string {
  return `${host}/${repository}:${tag}`;
}

export function isRepository(text: string): boolean {
  return text.length <= MOST_CHARACTERS && REPOSITORY.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

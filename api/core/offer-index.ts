import { isVerified } from '../../join/core/evidence.ts';
import type { Candidate } from '../../join/core/ports.ts';
import type { Device } from '../../k8s/core/resources.ts';
import { MultiMap } from './multi-map.ts';

/** That a newcomer can take the place of a device that has joined, and why. */
export interface Offer {
  device: string;
  because: 'Serial' | 'Duid' | 'Token';
}

/** Newcomers that are named on the row of the device whose place they could take. */
const MOST_SHOWN = 16;

const REASONS = { serial: 'Serial', duid: 'Duid', token: 'Token' } as const;
const KEPT_STATES = new Set(['revoked', 'rejected', 'ignored', 'replaced']);

interface Entry {
  /** `settled`: has a claim or a node that could be taken over. `newcomer`: ties to this site, and has no place yet. */
  role: 'settled' | 'newcomer';
  /** `serial:…`, `duid:…` and `token:…`, the strongest reason first. */
  keys: readonly string[];
}

/**
 * Which newcomer could take whose place: a board that was flashed anew comes with a new key and its old serial, a copied
 * or moved card with a token that another device used. Only newcomers with evidence, or with a genuine token that is
 * used or expired, are here, so a flood of strangers makes no work. Each change costs only those that share a key.
 */
export class OfferIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #settledOfKey = new MultiMap();
  readonly #newcomersOfKey = new MultiMap();

  /** Takes in what is known of an id now; gives the other ids whose offers may have changed. */
  set(id: string, device: Device | undefined, candidate: Candidate | undefined): ReadonlySet<string> {
    const before = this.#entries.get(id);
    const after = device === undefined ? entryOfCandidate(candidate) : entryOfDevice(device);
    if (sameEntry(before, after)) return new Set();
    const touched = new Set([...this.#partnersOf(before), ...this.#partnersOf(after)]);
    for (const key of before?.keys ?? []) this.#mapOf(before).remove(key, id);
    if (after === undefined) this.#entries.delete(id);
    else this.#entries.set(id, after);
    for (const key of after?.keys ?? []) this.#mapOf(after).add(key, id);
    touched.delete(id);
    return touched;
  }

  /** Whose place a newcomer could take; of several the strongest reason, then the first id. */
  offerOf(id: string): Offer | undefined {
    const entry = this.#entries.get(id);
    if (entry?.role !== 'newcomer') return undefined;
    for (const key of entry.keys) {
      const [device] = [...this.#settledOfKey.get(key)].sort();
      if (device !== undefined)
        return { device, because: REASONS[key.slice(0, key.indexOf(':')) as keyof typeof REASONS] };
    }
    return undefined;
  }

  /** Newcomers that could take the place of a device, a bounded number of them. */
  offeredTo(id: string): string[] {
    const entry = this.#entries.get(id);
    if (entry?.role !== 'settled') return [];
    const newcomers = new Set(entry.keys.flatMap((key) => [...this.#newcomersOfKey.get(key)]));
    return [...newcomers]
      .filter((newcomer) => this.offerOf(newcomer)?.device === id)
      .sort()
      .slice(0, MOST_SHOWN);
  }

  #mapOf(entry: Entry | undefined): MultiMap {
    return entry?.role === 'settled' ? this.#settledOfKey : this.#newcomersOfKey;
  }

  #partnersOf(entry: Entry | undefined): string[] {
    if (entry === undefined) return [];
    const partners = entry.role === 'settled' ? this.#newcomersOfKey : this.#settledOfKey;
    return entry.keys.flatMap((key) => [...partners.get(key)]);
  }
}

function entryOfDevice({ spec, status = {} }: Device): Entry | undefined {
  const isAside = spec.decision !== 'Undecided' || KEPT_STATES.has(status.join?.state ?? '');
  if (isAside || !isVerified(spec.evidence)) return undefined;
  const { serial, duid } = status.hardware ?? {};
  const tokenId = spec.evidence.kind === 'CardToken' ? spec.evidence.tokenId : undefined;
  const hasPlace = status.claimRef !== undefined || status.nodeRef !== undefined;
  return entryOf(hasPlace ? 'settled' : 'newcomer', { serial, duid, token: tokenId });
}

function entryOfCandidate(candidate: Candidate | undefined): Entry | undefined {
  const { code, params } = candidate?.refusal ?? {};
  if (candidate === undefined || (code !== 'TOKEN_USED' && code !== 'TOKEN_EXPIRED')) return undefined;
  const { serial, duid } = candidate.hello.hw;
  const tokenId = params?.['tokenId'];
  return entryOf('newcomer', { serial, duid, token: tokenId === undefined ? undefined : String(tokenId) });
}

function entryOf(role: Entry['role'], by: Record<keyof typeof REASONS, string | undefined>): Entry | undefined {
  const keys = Object.entries(by).flatMap(([kind, value = '']) =>
    value === '' ? [] : [`${kind}:${value.toLowerCase()}`],
  );
  return keys.length === 0 ? undefined : { role, keys };
}

function sameEntry(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.role === other?.role && (one?.keys ?? []).join('\n') === (other?.keys ?? []).join('\n');
}

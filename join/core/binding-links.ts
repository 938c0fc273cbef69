import type { BindableClaim, BindableDevice } from './binding.ts';
import { keysOf, matchKey } from './claim-match.ts';

/** Claims, devices and node names that have anything to do with each other, in the order in which they came. */
export interface Cluster {
  readonly claims: readonly string[];
  readonly devices: readonly string[];
  readonly nodeNames: readonly string[];
  /** Of those that there were, the ones that are no more. */
  readonly gone: { readonly claims: readonly string[]; readonly devices: readonly string[] };
}

type Member = `claim ${string}` | `device ${string}`;

/**
 * What binds claims and devices into one question: an identifier that one has and the other asks for, a claim that a
 * status names, a node name that more than one want. `bind` decides each cluster by itself, so after a change only the
 * clusters that it touches have to be decided anew.
 *
 * INVARIANT: whatever `bind` compares between two of them is a link here (the test holds them side by side).
 */
export class BindingLinks {
  readonly #linksOf = new Map<Member, readonly string[]>();
  readonly #members = new Map<string, Set<Member>>();
  /** Order of arrival, which `bind` sees as the order of its lists. */
  readonly #arrival = new Map<Member, number>();
  readonly #dirty = new Set<string>();
  readonly #gone = new Set<Member>();
  #arrivals = 0;

  setClaim(name: string, claim: BindableClaim | undefined): void {
    this.#set(`claim ${name}`, claim === undefined ? undefined : linksOfClaim(claim));
  }

  setDevice(id: string, device: BindableDevice | undefined): void {
    this.#set(`device ${id}`, device === undefined ? undefined : linksOfDevice(device));
  }

  /** Something happened to the Node of this name, or to the name itself. */
  touchName(nodeName: string): void {
    this.#dirty.add(nameLink(nodeName));
  }

  /** All that has to be decided anew since the last call. */
  takeChanged(): Cluster {
    const links = new Set(this.#dirty);
    const members = new Set<Member>();
    // A set that grows while it is walked: each link and each member is visited once.
    for (const link of links) {
      for (const member of this.#members.get(link) ?? []) {
        if (members.has(member)) continue;
        members.add(member);
        for (const further of this.#linksOf.get(member) ?? []) links.add(further);
      }
    }
    const gone = [...this.#gone];
    this.#dirty.clear();
    this.#gone.clear();
    const inOrder = [...members].sort((a, b) => (this.#arrival.get(a) ?? 0) - (this.#arrival.get(b) ?? 0));
    return {
      claims: namesAfter('claim ', inOrder),
      devices: namesAfter('device ', inOrder),
      nodeNames: namesAfter(NAME, [...links]),
      gone: { claims: namesAfter('claim ', gone), devices: namesAfter('device ', gone) },
    };
  }

  #set(member: Member, links: readonly string[] | undefined): void {
    for (const link of this.#linksOf.get(member) ?? []) {
      this.#dirty.add(link);
      const members = this.#members.get(link);
      members?.delete(member);
      if (members?.size === 0) this.#members.delete(link);
    }
    if (links === undefined) {
      this.#linksOf.delete(member);
      this.#arrival.delete(member);
      this.#gone.add(member);
      return;
    }
    this.#gone.delete(member);
    if (!this.#arrival.has(member)) this.#arrival.set(member, (this.#arrivals += 1));
    this.#linksOf.set(member, links);
    for (const link of links) {
      this.#dirty.add(link);
      this.#members.set(link, (this.#members.get(link) ?? new Set()).add(member));
    }
  }
}

const NAME = 'node name ';

function nameLink(nodeName: string): string {
  return `${NAME}${nodeName}`;
}

function linksOfClaim({ name, uid, match, nodeName, replaces }: BindableClaim): string[] {
  return [
    `claim name ${name}`,
    `claim uid ${uid}`,
    nameLink(nodeName),
    ...[matchKey(match) ?? []].flat(),
    ...(replaces === undefined ? [] : [`device ${replaces}`]),
  ];
}

function linksOfDevice(device: BindableDevice): string[] {
  const { claimUid, nodeName, ticketName } = device;
  const names = new Set([nodeName, ticketName].filter((name) => name !== undefined));
  return [...keysOf(device), ...(claimUid === undefined ? [] : [`claim uid ${claimUid}`]), ...[...names].map(nameLink)];
}

function namesAfter(prefix: string, texts: readonly string[]): string[] {
  return texts.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length));
}

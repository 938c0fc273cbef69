import { AuditEntry, type AuditProblem, type AuditVerification } from '../schemas.ts';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 of a text, as lower-case hex. */
export type Sha256 = (text: string) => string;

/** The newest entry of the chain: what the next one is tied to. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first entry. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** What an entry says, before it is tied to the one before it. */
export type AuditEvent = Omit<AuditEntry, 'seq' | 'prevHash' | 'hash'>;

const MOST_PROBLEMS = 100;

/** The next entry of the chain. */
export function nextEntry(event: AuditEvent, head: ChainHead, sha256: Sha256): AuditEntry {
  const entry = { ...event, seq: head.seq + 1 };
  return { ...entry, prevHash: head.hash, hash: hashOf(entry, head.hash, sha256) };
}

/** `SHA-256(prevHash || canonical JSON of all but prevHash and hash)`. */
function hashOf(entry: object, prevHash: string, sha256: Sha256): string {
  return sha256(`${prevHash}${canonicalJson(entry)}`);
}

/** Where a line was found, for messages. */
export interface LinePlace {
  readonly file: string;
  readonly line: number;
}

/** Walks the lines of the log in order and finds what was changed, removed, swapped or cut off. */
export class ChainWalk {
  readonly #sha256: Sha256;
  readonly #anchor: ChainHead | undefined;
  readonly #problems: AuditProblem[] = [];
  #head: ChainHead = GENESIS;
  #entries = 0;
  #hashAtAnchor: string | undefined;
  #isTornOnly = true;

  /** @param anchor the head as it was noted elsewhere; undefined when it is not known */
  constructor(sha256: Sha256, anchor: ChainHead | undefined) {
    this.#sha256 = sha256;
    this.#anchor = anchor;
  }

  /** The next line, without its line end. */
  take(text: string, place: LinePlace): void {
    const entry = parseEntry(text);
    if (entry === undefined) {
      this.#found('Unreadable', this.#head.seq + 1, `this line is no entry`, place);
      return;
    }
    this.#entries += 1;
    const { hash, prevHash, ...rest } = entry;
    const expected = this.#head.seq + 1;
    if (entry.seq > expected) {
      const gone =
        entry.seq - 1 > expected ? `the entries ${expected} to ${entry.seq - 1} are` : `entry ${expected} is`;
      this.#found('Missing', expected, `${gone} missing`, place);
    } else if (entry.seq < expected) {
      this.#found('OutOfOrder', entry.seq, `entry ${entry.seq} stands behind entry ${expected - 1}`, place);
    } else if (prevHash !== this.#head.hash) {
      this.#found(
        'Changed',
        entry.seq,
        `entry ${entry.seq} was not written behind the one that stands before it`,
        place,
      );
    }
    if (hashOf(rest, prevHash, this.#sha256) !== hash) {
      this.#found('Changed', entry.seq, `entry ${entry.seq} does not have its hash any more`, place);
    }
    if (entry.seq === this.#anchor?.seq) this.#hashAtAnchor = hash;
    // A swapped line must not make the walk go back.
    if (entry.seq >= expected) this.#head = { seq: entry.seq, hash };
  }

  /** What stands behind the last line end: a crash tore it while it was written, before anybody was told that it is done. */
  takeTorn(place: LinePlace): void {
    this.#found(
      'Torn',
      this.#head.seq + 1,
      'the last line is not finished: the machine stopped while it was written',
      place,
    );
  }

  end(): AuditVerification {
    const anchor = this.#anchor;
    if (anchor !== undefined && anchor.seq > this.#head.seq) {
      const message = `the log ends at entry ${this.#head.seq}, and entry ${anchor.seq} was there before`;
      this.#found('CutOff', this.#head.seq, message);
    } else if (anchor !== undefined && anchor.seq > 0 && this.#hashAtAnchor !== anchor.hash) {
      this.#found('Changed', anchor.seq, `entry ${anchor.seq} is not the one that the anchor names`);
    }
    return {
      intact: this.#isTornOnly,
      entries: this.#entries,
      ...(this.#head.seq === 0 ? {} : { head: { ...this.#head } }),
      ...(anchor === undefined ? {} : { anchor: { ...anchor } }),
      problems: [...this.#problems],
    };
  }

  #found(kind: AuditProblem['kind'], seq: number, message: string, place?: LinePlace): void {
    if (kind !== 'Torn') this.#isTornOnly = false;
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ kind, seq, message, ...place });
  }
}

/** The entry in a line of the log; undefined when it is none. */
export function parseEntry(text: string): AuditEntry | undefined {
  try {
    const parsed = AuditEntry.strict().safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

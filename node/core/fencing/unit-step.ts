import { type LeaseTerms, PROFILES } from '../../../k8s/core/sensor-service/lease.ts';
import { isSameBeat, isStale, type LeaseRecord } from './lease-record.ts';
import { acquireFromMs, checkFromMs, heirOf, holdsOn, isOwnLeftover, isWanted, isWish, nextEpoch } from './takeover.ts';
import type { Active, EndReason, LeaseRequest, UnitAction, UnitEvent, UnitState } from './unit-state.ts';
import { wakeAtMs } from './wake.ts';

export interface Outcome {
  readonly state: UnitState;
  readonly actions: readonly UnitAction[];
  /** When a `tick` is due at the latest; undefined when only an event can change anything. */
  readonly wakeAtMs: number | undefined;
}

/** A refused request is followed by the next not sooner than this after it. */
const SHORTEST_PAUSE_MS = 50;

/**
 * The fencing protocol of one unit on one node. Pure: `nowMs` is a reading of the node's monotonic clock, taken before
 * what follows from it is done. A request that is sent on an action of this step counts as sent at `nowMs`, so the reading
 * must be older than the sending; then a pause in between only shortens a grant.
 */
export function step(state: UnitState, event: UnitEvent, nowMs: number): Outcome {
  const turn = new Turn(state, nowMs);
  turn.lapse();
  turn.take(event);
  turn.advance();
  return { state: turn.state, actions: turn.actions, wakeAtMs: wakeAtMs(turn.state) };
}

/** What a service is held to whose Lease is not known yet. */
const UNKNOWN_TERMS: LeaseTerms = {
  ...PROFILES.Default,
  failback: 'Never',
  failbackAfterMs: 0,
  fencing: 'SelfFence',
  onControlPlaneLoss: 'Safe',
  takeover: 'PairOnly',
};

type SendTerms = Pick<LeaseTerms, 'retryPeriodMs' | 'renewDeadlineMs'>;

/** One step while it is being thought through. */
class Turn {
  state: UnitState;
  readonly actions: UnitAction[] = [];
  readonly #nowMs: number;

  constructor(state: UnitState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  /** What has run out, runs out before anything is heard: also when this process was paused meanwhile. */
  lapse(): void {
    const { role, request } = this.state;
    if (role.name === 'active' && this.#nowMs >= role.validUntilMs) this.#end('expired');
    if (request !== undefined && this.#nowMs >= request.abortAtMs) {
      this.actions.push({ type: 'abort', id: request.id });
      this.#unanswered(request);
    }
  }

  take(event: UnitEvent): void {
    switch (event.type) {
      case 'observed': {
        const known = this.state.sighting?.record;
        if (known === undefined || !isStale(event.record, known)) this.#see(event.record);
        return;
      }
      case 'deleted':
        if (this.state.sighting?.record.uid === event.uid) this.#gone();
        return;
      case 'answered':
      case 'conflict':
      case 'absent':
      case 'unanswered':
        if (this.state.request?.id === event.id) this.#takeAnswer(event, this.state.request);
        return;
      case 'service-ready':
        this.#ready(event.connection, event.holding);
        return;
      case 'service-stopped':
        this.#stopped(event.connection, event.epoch);
        return;
      case 'service-lost':
        this.#lost(event.connection);
        return;
      case 'processes-gone':
        if (this.#isRoleOf(event.connection)) this.#resign();
        return;
      case 'tick':
        return;
    }
  }

  advance(): void {
    this.#obeyRecord();
    const { role } = this.state;
    if (role.name === 'stopping' && this.#nowMs >= role.killAtMs && !role.killing) {
      if (role.terms.fencing === 'None') this.#resign();
      else this.#kill();
    }
    if (this.state.request !== undefined || this.#nowMs < this.state.nextSendMs) return;
    if (this.state.mustRead) this.#read('read');
    else if (this.state.role.name === 'active') this.#renew(this.state.role);
    else if (this.state.role.name === 'candidate') this.#runForIt();
  }

  #takeAnswer(event: UnitEvent & { id: number }, request: LeaseRequest): void {
    if (event.type === 'unanswered') {
      this.#unanswered(request);
      return;
    }
    this.state = { ...this.state, request: undefined };
    if (event.type === 'conflict') {
      const nextSendMs = Math.max(this.#nowMs, request.sentMs + SHORTEST_PAUSE_MS);
      this.state = { ...this.state, mustRead: true, nextSendMs };
    } else if (event.type === 'absent') this.#gone();
    if (event.type !== 'answered') return;
    if (request.kind === 'check') {
      this.#checked(event.record);
      return;
    }
    const known = this.state.sighting?.record;
    if (request.kind === 'read' && known !== undefined && isStale(event.record, known)) {
      // Refused although nothing is newer: the store was put back, so what was seen of it proves nothing.
      this.state = { ...this.state, sighting: undefined };
    }
    this.#see(event.record);
    if (request.kind === 'acquire' || request.kind === 'adopt') this.#win(request, event.record);
    else if (request.kind === 'renew') this.#extend(request);
    else this.state = { ...this.state, nextSendMs: this.#nowMs };
    if (request.kind === 'release') this.#note('released', { epoch: request.epoch });
  }

  /** Nothing newer is no news: the wait goes on. */
  #checked(record: LeaseRecord): void {
    const { sighting } = this.state;
    this.state = { ...this.state, nextSendMs: this.#nowMs };
    if (sighting !== undefined) this.state = { ...this.state, sighting: { ...sighting, isChecked: true } };
    if (sighting === undefined || !isStale(record, sighting.record)) this.#see(record);
  }

  /** The write may have happened all the same: what is known is then refused, and read anew. */
  #unanswered({ kind }: LeaseRequest): void {
    this.state = { ...this.state, request: undefined, mustRead: kind === 'read' };
    const { role } = this.state;
    // A read follows a refusal: somebody else wrote, and nobody knows whether that one took over.
    if (kind !== 'renew') return;
    if (role.name !== 'active' || !holdsOn(role.terms, this.state.sighting?.record)) return;
    // As long as nobody says otherwise.
    this.#grantUntil(role, this.#nowMs + role.terms.renewDeadlineMs);
  }

  #see(record: LeaseRecord): void {
    const { sighting, highestEpoch, longestLeaseMs, lastHolder } = this.state;
    const isSame = sighting !== undefined && isSameBeat(sighting.record, record);
    this.state = {
      ...this.state,
      sighting: isSame ? { ...sighting, record } : { record, sinceMs: this.#nowMs, isChecked: false },
      highestEpoch: Math.max(highestEpoch, record.epoch),
      longestLeaseMs: Math.max(longestLeaseMs, record.leaseDurationMs),
      lastHolder: record.holder ?? lastHolder,
    };
  }

  #gone(): void {
    this.state = { ...this.state, sighting: undefined, mustRead: false };
    if (this.state.role.name === 'active') this.#end('lease-gone');
  }

  #ready(connection: number, holding: number | undefined): void {
    if (this.state.ready.some((one) => one.connection === connection)) return;
    this.state = { ...this.state, ready: [...this.state.ready, { connection, holding }] };
  }

  #unready(connection: number): void {
    this.state = { ...this.state, ready: this.state.ready.filter((one) => one.connection !== connection) };
  }

  #stopped(connection: number, epoch: number): void {
    this.#unready(connection);
    const { role } = this.state;
    if (role.name === 'candidate' || role.connection !== connection || role.epoch !== epoch) return;
    if (role.name === 'active') this.#note('ended', { epoch, reason: 'stopped' });
    this.#resign();
  }

  #lost(connection: number): void {
    const holding = this.state.ready.find((one) => one.connection === connection)?.holding;
    this.#unready(connection);
    if (holding !== undefined && this.state.role.name === 'candidate') this.#distrust(connection, holding);
    if (!this.#isRoleOf(connection)) return;
    if (this.state.role.name === 'active') this.#end('service-lost');
    if (this.state.role.name !== 'stopping' || this.state.role.killing) return;
    if (this.state.role.terms.fencing !== 'None') this.#kill();
  }

  /** It was lost with a grant of an earlier standby, which may still last. */
  #distrust(connection: number, epoch: number): void {
    const terms = this.state.sighting?.record.terms ?? UNKNOWN_TERMS;
    const killAtMs = this.#nowMs + terms.renewDeadlineMs + terms.stopMs;
    const role = {
      name: 'stopping',
      connection,
      epoch,
      reason: 'service-lost',
      terms,
      killAtMs,
      killing: false,
    } as const;
    this.state = { ...this.state, role };
  }

  #isRoleOf(connection: number): boolean {
    const { role } = this.state;
    return role.name !== 'candidate' && role.connection === connection;
  }

  /** Ends the grant; the Lease is not touched before the service has stopped. */
  #end(reason: EndReason): void {
    const { role } = this.state;
    if (role.name !== 'active') return;
    const { connection, epoch, terms, validUntilMs } = role;
    // Without fencing nobody is killed: the service stops by its own clock.
    const killAtMs = (terms.fencing === 'None' ? Math.max(validUntilMs, this.#nowMs) : this.#nowMs) + terms.stopMs;
    this.state = {
      ...this.state,
      role: { name: 'stopping', connection, epoch, reason, terms, killAtMs, killing: false },
    };
    this.actions.push({ type: 'revoke', connection, epoch, reason });
    this.#note('ended', { epoch, reason });
  }

  #kill(): void {
    const { role } = this.state;
    if (role.name !== 'stopping') return;
    this.#unready(role.connection);
    this.state = { ...this.state, role: { ...role, killing: true } };
    this.actions.push({ type: 'kill', connection: role.connection });
  }

  /** No process of this node acts under the grant any more. */
  #resign(): void {
    const { role, sighting, node, own } = this.state;
    const { uid = '', holder, epoch } = sighting?.record ?? {};
    const isLast = role.name !== 'candidate' && holder === node && epoch === role.epoch;
    this.state = { ...this.state, own: isLast ? { uid, epoch: role.epoch } : own };
    this.state = { ...this.state, role: { name: 'candidate' }, nextSendMs: this.#nowMs };
  }

  #obeyRecord(): void {
    const { role, sighting, node } = this.state;
    if (role.name !== 'active' || sighting === undefined) return;
    const { uid, holder, epoch, candidates, yieldTo } = sighting.record;
    if (uid !== role.uid || holder !== node || epoch !== role.epoch) this.#end('taken');
    else if (!candidates.includes(node)) this.#end('not-candidate');
    else if (isWish(yieldTo, node, candidates) && yieldTo !== role.ignoredYield) this.#end('yield');
    // A wish that was taken back may be made again.
    else if (yieldTo !== role.ignoredYield && role.ignoredYield !== undefined)
      this.state = { ...this.state, role: { ...role, ignoredYield: undefined } };
  }

  #win(request: LeaseRequest, record: LeaseRecord): void {
    const { terms, uid, epoch, yieldTo } = record;
    const { connection } = request;
    if (connection === undefined || terms === undefined) return;
    const isReady = this.state.ready.some((one) => one.connection === connection);
    const validUntilMs = request.sentMs + terms.renewDeadlineMs;
    if (!isReady || this.#nowMs >= validUntilMs || this.state.role.name !== 'candidate') return;
    const role: Active = { name: 'active', connection, uid, epoch, validUntilMs, terms, ignoredYield: yieldTo };
    this.state = { ...this.state, role };
    this.#note(request.kind === 'adopt' ? 'adopted' : 'acquired', { epoch });
    this.#grantUntil(role, validUntilMs);
  }

  #extend({ sentMs, epoch }: LeaseRequest): void {
    const { role } = this.state;
    if (role.name === 'active' && role.epoch === epoch) this.#grantUntil(role, sentMs + role.terms.renewDeadlineMs);
  }

  #grantUntil(role: Active, untilMs: number): void {
    const validUntilMs = Math.max(role.validUntilMs, untilMs);
    this.state = { ...this.state, role: { ...role, validUntilMs } };
    const { connection, epoch, terms } = role;
    this.actions.push({ type: 'grant', connection, epoch, validUntilMs, stopMs: terms.stopMs });
  }

  #read(kind: 'read' | 'check'): void {
    const { sighting, role } = this.state;
    const terms = role.name === 'candidate' ? (sighting?.record.terms ?? PROFILES.Default) : role.terms;
    this.actions.push({ type: 'read', id: this.#send(kind, terms, 0).id });
  }

  #renew(role: Active): void {
    const record = this.state.sighting?.record;
    if (record !== undefined) this.#write('renew', record, { epoch: role.epoch, terms: role.terms });
  }

  #runForIt(): void {
    const { sighting, ready, node } = this.state;
    const terms = sighting?.record.terms;
    if (sighting === undefined || terms === undefined) return;
    const { record } = sighting;
    const first = ready[0];
    if (isOwnLeftover(this.state, record) && (first === undefined || !isWanted(record, node))) {
      this.#write('release', record, { epoch: record.epoch, terms });
      return;
    }
    const checkMs = checkFromMs(this.state);
    const isQuiet = checkMs !== undefined && this.#nowMs >= checkMs;
    if (first === undefined) {
      if (isQuiet) this.#read('check');
      return;
    }
    const heir = heirOf(this.state, record);
    if (heir !== undefined) {
      this.#write('adopt', record, { epoch: record.epoch, terms, connection: heir.connection });
      return;
    }
    const fromMs = acquireFromMs(this.state);
    if (fromMs !== undefined && this.#nowMs >= fromMs)
      this.#write('acquire', record, { epoch: nextEpoch(this.state, record), terms, connection: first.connection });
    else if (isQuiet) this.#read('check');
  }

  #write(
    kind: 'acquire' | 'adopt' | 'renew' | 'release',
    record: LeaseRecord,
    { epoch, terms, connection }: { epoch: number; terms: LeaseTerms; connection?: number },
  ): void {
    const { id } = this.#send(kind, terms, epoch, connection);
    // Not when it adopts: that grant is out already.
    if (kind === 'acquire') this.state = { ...this.state, own: { uid: record.uid, epoch } };
    const holder = kind === 'release' ? undefined : this.state.node;
    const { leaseDurationMs } = terms;
    this.actions.push({ type: 'write', id, record, change: { holder, epoch, leaseDurationMs } });
  }

  #send(kind: LeaseRequest['kind'], terms: SendTerms, epoch: number, connection?: number): LeaseRequest {
    const id = this.state.requests + 1;
    // So short that one request that hangs leaves time for two more before the renew deadline.
    const abortAtMs = this.#nowMs + Math.max(terms.retryPeriodMs, (terms.renewDeadlineMs - terms.retryPeriodMs) / 2);
    const request: LeaseRequest = { id, kind, sentMs: this.#nowMs, abortAtMs, epoch, connection };
    this.state = {
      ...this.state,
      request,
      requests: id,
      nextSendMs: this.#nowMs + terms.retryPeriodMs,
      mustRead: false,
    };
    return request;
  }

  #note(what: 'acquired' | 'adopted' | 'ended' | 'released', detail: object): void {
    this.actions.push({ type: 'note', what, detail });
  }
}

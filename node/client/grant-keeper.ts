import { createConnection, type Socket } from 'node:net';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { messageOf, UsherError } from '../../foundation/errors.ts';
import {
  endGrant,
  type Grant,
  type GrantState,
  hasRunOut,
  mayAct,
  mayStillStop,
  NO_GRANT,
  takeGrant,
} from '../core/fencing/grant.ts';
import { LineSplitter } from '../grant-protocol/lines.ts';
import { GRANT_PROTOCOL, type Holding, parseStandbyMessage, type ServiceMessage } from '../grant-protocol/messages.ts';

/** The role of being the active one of a unit. */
export interface Role {
  readonly unit: string;
  readonly epoch: number;
  /** Aborted when the role ends: pass it to whatever takes time. */
  readonly signal: AbortSignal;
}

/** How a role ended. */
export interface Ending {
  /** `expired`: no standby or no API server renewed it; `closing`: this process ends; else the standby's word. */
  readonly reason: string;
  /** How long after its end the service noticed: more than a few ms when this process stood still. */
  readonly lateMs: number;
  /**
   * Whether a device that the other node shares may still be driven to its safe state: when false, another service may be
   * acting on it already. A device of this node alone is always driven to its safe state.
   */
  readonly mayTouchShared: boolean;
}

export interface RoleHandlers {
  /** The service is active from now on. */
  readonly onGrant: (role: Role) => void | Promise<void>;
  /**
   * The role is over: drive to the safe state. When it is reached, the standby is told, and may give the role away at once.
   * When this fails, or takes longer than the service's stop time, the standby kills the process.
   */
  readonly onEnd: (role: Role, ending: Ending) => void | Promise<void>;
  /** What went wrong without anybody waiting for it. */
  readonly onError?: (error: unknown) => void;
}

export interface GrantKeeperOptions {
  readonly socketPath: string;
  readonly podUid: string;
  /** CLOCK_MONOTONIC. */
  readonly clock: Clock;
  readonly handlers: RoleHandlers;
}

interface UnitRole {
  grants: GrantState;
  role: Role | undefined;
  isUnsafe: boolean;
  /** Its grant is over, and its safe state is not reached yet. */
  endingEpoch: number | undefined;
  abort: AbortController;
  cancel: CancelTimer;
  /** What the handlers are still doing, one after the other. */
  work: Promise<void>;
}

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;

/** Keeps the roles of this process by the standby's word and its own clock; the clock has the last word. */
export class GrantKeeper {
  readonly #options: GrantKeeperOptions;
  readonly #units = new Map<string, UnitRole>();
  #socket: Socket | undefined;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: CancelTimer = () => undefined;
  #isReady = false;
  #isClosed = false;

  constructor(options: GrantKeeperOptions) {
    this.#options = options;
    this.#connect();
  }

  /** The roles it has now. */
  roles(): Role[] {
    return [...this.#units.keys()].flatMap((unit) => this.roleOf(unit) ?? []);
  }

  /** The role for a unit, by the clock as it is now; undefined when there is none. */
  roleOf(unit: string): Role | undefined {
    const held = this.#units.get(unit);
    return held !== undefined && mayAct(held.grants, this.#nowMs()) ? held.role : undefined;
  }

  /** From now on the service can be active. */
  ready(): void {
    this.#isReady = true;
    this.#say({ type: 'ready' });
  }

  /**
   * Acts as the active one: looks at the clock and calls `act` in the same breath. Keep it short, without awaiting; what
   * takes longer says how long at most in `windowMs`, and is then begun only if so much is left.
   * @throws UsherError GRANT_MISSING when the role has ended, whoever noticed it or not
   */
  act<T>(unit: string, act: (role: Role) => T, windowMs = 0): T {
    const held = this.#units.get(unit);
    if (held?.role === undefined || !mayAct(held.grants, this.#nowMs(), windowMs)) {
      if (held !== undefined) this.#endIfOver(unit, held);
      throw new UsherError('GRANT_MISSING', { unit });
    }
    return act(held.role);
  }

  /** Ends all roles, drives to the safe states, says so, and disconnects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isReady = false;
    for (const [unit, held] of this.#units) this.#end(unit, held, 'closing');
    await Promise.all([...this.#units.values()].map(({ work }) => work));
    this.#isClosed = true;
    this.#cancelRetry();
    const socket = this.#socket;
    if (socket === undefined) return;
    const closed = Promise.withResolvers<undefined>();
    socket.once('close', () => closed.resolve(undefined));
    socket.end();
    const cancel = this.#options.clock.after(LONGEST_RETRY_MS, () => socket.destroy(), 'hold');
    await closed.promise;
    cancel();
  }

  #connect(): void {
    const socket = createConnection(this.#options.socketPath);
    this.#socket = socket;
    const lines = new LineSplitter();
    socket.setEncoding('utf8');
    socket.on('connect', () => {
      this.#retryMs = FIRST_RETRY_MS;
      const holding = this.#holding();
      this.#say({ type: 'hello', protocol: GRANT_PROTOCOL, podUid: this.#options.podUid, holding });
      if (this.#isReady) this.#say({ type: 'ready' });
    });
    socket.on('data', (text: string) => {
      for (const line of lines.push(text) ?? []) this.#read(line);
    });
    // Roles go on until their end by the clock: the next standby may go on with them.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket !== socket || this.#isClosed) return;
      this.#socket = undefined;
      this.#cancelRetry = this.#options.clock.after(this.#retryMs, () => this.#connect(), 'hold');
      this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
    });
  }

  #read(line: string): void {
    const message = parseStandbyMessage(line);
    switch (message?.type) {
      case 'ping':
        this.#say({ type: 'pong', id: message.id });
        return;
      case 'grant':
        this.#granted(message.unit, message);
        return;
      case 'revoke': {
        const { unit, epoch, reason } = message;
        const held = this.#units.get(unit);
        if (held?.grants.current?.epoch === epoch) this.#end(unit, held, reason);
        return;
      }
      case 'welcome':
      case undefined:
        return;
    }
  }

  #granted(unit: string, { epoch, validUntilMs, stopMs }: Grant): void {
    const held = this.#unit(unit);
    this.#endIfOver(unit, held);
    const before = held.grants.current;
    const { state, outcome } = takeGrant(held.grants, { epoch, validUntilMs, stopMs }, this.#nowMs());
    if (outcome === 'begun' && before !== undefined) this.#end(unit, held, 'taken');
    if (outcome === 'refused' || (outcome === 'begun' && !this.#isReady)) {
      held.grants = { ...held.grants, endedEpoch: Math.max(held.grants.endedEpoch, epoch) };
      // Not before an end that is under way has reached the safe state.
      held.work = held.work.then(() => this.#sayStopped(unit, held, epoch));
      return;
    }
    held.grants = state;
    this.#arm(unit, held);
    if (outcome !== 'begun') return;
    const abort = new AbortController();
    const role: Role = { unit, epoch, signal: abort.signal };
    Object.assign(held, { role, abort });
    held.work = held.work.then(async () => {
      if (abort.signal.aborted) return;
      await this.#guarded(async () => await this.#options.handlers.onGrant(role));
    });
  }

  #unit(unit: string): UnitRole {
    const known = this.#units.get(unit);
    if (known !== undefined) return known;
    const made: UnitRole = {
      grants: NO_GRANT,
      role: undefined,
      isUnsafe: false,
      endingEpoch: undefined,
      abort: new AbortController(),
      cancel: () => undefined,
      work: Promise.resolve(),
    };
    this.#units.set(unit, made);
    return made;
  }

  #arm(unit: string, held: UnitRole): void {
    held.cancel();
    const leftMs = (held.grants.current?.validUntilMs ?? 0) - this.#nowMs();
    held.cancel = this.#options.clock.after(Math.max(0, Math.ceil(leftMs)), () => {
      this.#endIfOver(unit, held);
      if (held.grants.current !== undefined) this.#arm(unit, held);
    });
  }

  /**
   * What a standby must know that has not given it: also grants that are over, until the safe state is reached. A process
   * that stands still on its way there would go on with it when another one is active, if nobody killed it.
   */
  #holding(): Holding[] {
    return [...this.#units].flatMap(([unit, { endingEpoch }]) => {
      const epoch = this.roleOf(unit)?.epoch ?? endingEpoch;
      return epoch === undefined ? [] : [{ unit, epoch }];
    });
  }

  #endIfOver(unit: string, held: UnitRole): void {
    if (hasRunOut(held.grants, this.#nowMs())) this.#end(unit, held, 'expired');
  }

  #end(unit: string, held: UnitRole, reason: string): void {
    const { role, grants } = held;
    const ended = grants.current;
    if (role === undefined || ended === undefined) return;
    held.cancel();
    held.grants = endGrant(grants);
    held.role = undefined;
    held.abort.abort();
    const nowMs = this.#nowMs();
    const lateMs = Math.max(0, nowMs - ended.validUntilMs);
    const ending: Ending = { reason, lateMs, mayTouchShared: mayStillStop(ended, nowMs) };
    // Begun at once, whatever an onGrant is still doing: the safe state waits for nobody.
    const safe = this.#guarded(async () => await this.#options.handlers.onEnd(role, ending));
    held.endingEpoch = ended.epoch;
    held.work = Promise.all([held.work, safe]).then(([, isSafe]) => {
      held.isUnsafe ||= !isSafe;
      if (isSafe && held.endingEpoch === ended.epoch) held.endingEpoch = undefined;
      this.#sayStopped(unit, held, ended.epoch);
    });
  }

  /** Once a safe state was not reached, nothing but the end of the process proves that it has stopped. */
  #sayStopped(unit: string, held: UnitRole, epoch: number): void {
    if (held.isUnsafe) return;
    this.#say({ type: 'stopped', unit, epoch });
    if (this.#isReady) this.#say({ type: 'ready' });
  }

  async #guarded(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const { onError } = this.#options.handlers;
      if (onError === undefined) process.stderr.write(`${messageOf(error)}\n`);
      else onError(error);
      return false;
    }
  }

  #say(message: ServiceMessage): void {
    // While it connects nothing may come before the hello.
    const { writable = false, connecting = true } = this.#socket ?? {};
    if (writable && !connecting) this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}

import { type Clock, sleep } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { healthWarnings } from '../../join/protocol/health.ts';
import type { EnrolStatus, JoinTicket } from '../../join/protocol/messages.ts';
import { architecture } from './adapters/hardware.ts';
import type { ArtifactStore } from './adapters/artifacts.ts';
import { type Card, readCard, scrubCard } from './adapters/card.ts';
import type { DeviceConsole } from './adapters/console.ts';
import type { DeviceIdentity } from './adapters/device-key.ts';
import type { EnrolClient } from './adapters/enrol-client.ts';
import { findAppliance } from './adapters/finder.ts';
import { readBootFacts, readHello } from './adapters/hello.ts';
import type { K3sNode } from './adapters/k3s-node.ts';
import { fingerprint, type Network } from './adapters/network.ts';
import { readState, writeState } from './adapters/state-file.ts';
import type { DeviceTime } from './adapters/system-time.ts';
import {
  mayFetchAhead,
  nextStep,
  showsProgress,
  type Situation,
  type Step,
  TICKET_CONFIRMED_FOR_MS,
} from './core/agent-plan.ts';
import type { ConsoleView, Problem, Progress } from './core/console-text.ts';
import type { DevicePaths } from './core/device-paths.ts';
import { FRESH_STATE, type LocalState, withSite } from './core/local-state.ts';
import { askedDelayMs, problemOf, refusalCodeOf } from './core/refusal.ts';
import { retryDelayMs } from './core/retry-schedule.ts';
import { FaultReporter } from './fault-reporter.ts';

const NETWORK_LOOK_MS = 250;
const SHORTEST_POLL_MS = 1_000;
const PROGRESS_EVERY_MS = 1_000;
const K3S_LOOK_MS = 1_000;
const K3S_LOOKS = 15;
/** The appliance allows an address ten refused tokens an hour. */
const TOKEN_AGAIN_MS = 600_000;
const TOKEN_AGAIN_SOONEST_MS = 15_000;

export interface AgentOptions {
  readonly paths: DevicePaths;
  readonly identity: DeviceIdentity;
  readonly k3s: K3sNode;
  readonly artifacts: ArtifactStore;
  readonly network: Network;
  readonly time: DeviceTime;
  readonly console: DeviceConsole;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Enrols this device, step by step as agent-plan.ts says, from whatever an earlier start left behind. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #faults: FaultReporter;
  #step: Step = 'await-card';
  #local: LocalState = FRESH_STATE;
  #card: Card | undefined;
  #client: EnrolClient | undefined;
  #status: EnrolStatus | undefined;
  #tokenRefusedAtMs: number | undefined;
  #ticketConfirmedAtMs: number | undefined;
  #joinedReported = false;
  #k3sDown = false;
  #k3sVersion: string | undefined;
  #fetching: Promise<void> | undefined;
  #fetchProblem: Problem | undefined;
  #progress: Progress | undefined;
  #progressShownAtMs = 0;
  #problem: Problem | undefined;
  #warnings: readonly Problem[] = [];
  #failures = 0;
  #eager = true;
  #networkSeen = '';
  #shown: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#faults = new FaultReporter(options.logger);
  }

  /** Returns when the device is a node and its secrets are wiped. Whatever goes wrong is shown, reported and retried. */
  async run(): Promise<void> {
    const { paths, logger } = this.#options;
    this.#local = await readState(paths.state, logger);
    await this.#attempt('await-card', () => this.#readCard());
    for (;;) {
      const step = nextStep(await this.#situation());
      this.#show(step);
      if (step === 'finish') break;
      await this.#attempt(step, () => this.#perform(step));
    }
    this.#client?.close();
    await this.#shown;
  }

  async #attempt(step: Step, run: () => Promise<void>): Promise<void> {
    try {
      await run();
      if (!showsProgress(step)) return;
      this.#failures = 0;
      this.#problem = undefined;
      await this.#takeFaultBack();
    } catch (error) {
      await this.#recover(step, asUsherError(error));
    }
  }

  async #situation(): Promise<Situation> {
    const confirmedMs = this.#ticketConfirmedAtMs;
    const nowMs = this.#options.clock.nowMs();
    return {
      siteKnown: this.#local.site !== undefined,
      cardHoldsToken: this.#card?.token !== undefined,
      phase: this.#local.phase,
      connected: this.#client !== undefined,
      state: this.#status?.state,
      artifactsReady: this.#k3sVersion !== undefined,
      ticketConfirmed: confirmedMs !== undefined && Math.abs(nowMs - confirmedMs) < TICKET_CONFIRMED_FOR_MS,
      joinedReported: this.#joinedReported,
      k3sConfigured: await this.#options.k3s.isConfigured(),
      k3sDown: this.#k3sDown,
    };
  }

  async #perform(step: Step): Promise<void> {
    const { k3s, paths } = this.#options;
    switch (step) {
      case 'await-card':
        await this.#readCard();
        if (this.#local.site === undefined) throw new UsherError('CARD_MISSING');
        return;
      case 'find':
        return this.#find();
      case 'hello':
        return this.#hello();
      case 'poll':
        return this.#poll();
      case 'fetch':
        return this.#fetch();
      case 'join':
        return this.#join();
      case 'report-joined':
        await this.#untilK3sRuns();
        await this.#heed(await this.#connected().joined());
        this.#joinedReported = true;
        return;
      case 'adopt':
        await this.#startK3s();
        return this.#save({ phase: 'started' });
      case 'scrub':
        await this.#save({ phase: 'joined' });
        await scrubCard(paths.card);
        this.#card = undefined;
        // A start that found this half done has not asked yet whether the device is still to be a node.
        return this.#save({ phase: this.#status === undefined ? 'started' : 'done' });
      case 'stop':
        await k3s.stopForGood();
        this.#k3sDown = true;
        return this.#save({ phase: 'new' });
      case 'finish':
        return;
    }
  }

  async #startK3s(): Promise<void> {
    this.#k3sDown = false;
    await this.#options.k3s.start();
  }

  /** systemd starts it anew five seconds after it has ended, and once is no fault: telling of one costs the ticket. */
  async #untilK3sRuns(): Promise<void> {
    const { k3s, clock } = this.#options;
    for (let look = 1; !(await k3s.isActive()); look += 1) {
      if (look >= K3S_LOOKS) {
        await k3s.checkRoom();
        throw new UsherError('K3S_AGENT_DOWN');
      }
      await sleep(clock, K3S_LOOK_MS);
    }
  }

  async #readCard(): Promise<void> {
    this.#card = await readCard(this.#options.paths.card);
    if (this.#card !== undefined) {
      const local = withSite(this.#local, this.#card.site);
      if (JSON.stringify(local) !== JSON.stringify(this.#local)) await this.#save(local);
    }
    if (this.#local.site !== undefined) await this.#options.time.raiseTo(this.#local.site.issuedAt);
  }

  async #find(): Promise<void> {
    const { identity, network, logger } = this.#options;
    const { site, applianceUrl } = this.#local;
    this.#networkSeen = await fingerprint(network);
    if (site === undefined) return;
    this.#client = await findAppliance({ site, lastUrl: applianceUrl, identity, network, logger });
    this.#local = { ...this.#local, applianceUrl: this.#client.origin };
    this.#eager = false;
    this.#problem = undefined;
  }

  async #hello(): Promise<void> {
    const { paths, identity, clock, time } = this.#options;
    const clockSynchronised = await time.isSynchronised();
    const token = this.#card?.token;
    const hello = await readHello({ paths, deviceId: identity.deviceId, token, clock, clockSynchronised });
    this.#warnings = healthWarnings(hello.hw);
    try {
      await this.#heed(await this.#connected().hello(hello));
      this.#tokenRefusedAtMs = undefined;
    } catch (error) {
      // The appliance keeps it as a device without evidence, and an operator may still change its mind: wait for that.
      if (!isUsherError(error) || refusalCodeOf(error)?.startsWith('TOKEN_') !== true) throw error;
      this.#tokenRefusedAtMs = clock.nowMs();
      await this.#heed(await this.#connected().status(0));
    }
  }

  async #poll(): Promise<void> {
    const { clock, k3s } = this.#options;
    if (this.#local.phase === 'started' && !(await k3s.isActive())) this.#joinedReported = false;
    const version = this.#status?.version ?? 0;
    const askedMs = clock.nowMs();
    const status = await this.#connected().status(version);
    const tookMs = Math.abs(clock.nowMs() - askedMs);
    await this.#heed(status);
    if (this.#shouldShowTokenAgain(version)) this.#status = undefined;
    // An appliance that has no place for a long poll answers at once; it must not be asked in a circle.
    const waitMs = Math.max(SHORTEST_POLL_MS, (status.retryAfterSec ?? 0) * 1_000);
    if (status.version === version && tookMs < SHORTEST_POLL_MS) await sleep(clock, waitMs);
  }

  /** A refused token may have been accepted meanwhile (a replacement that an operator confirmed). */
  #shouldShowTokenAgain(knownVersion: number): boolean {
    if (this.#tokenRefusedAtMs === undefined || this.#status?.state !== 'pending') return false;
    const sinceMs = Math.abs(this.#options.clock.nowMs() - this.#tokenRefusedAtMs);
    return this.#status.version === knownVersion ? sinceMs > TOKEN_AGAIN_MS : sinceMs > TOKEN_AGAIN_SOONEST_MS;
  }

  /** Takes in what the appliance said: the state, its time, and the hint that files may be fetched ahead. */
  async #heed(status: EnrolStatus): Promise<void> {
    this.#status = status;
    await this.#options.time.follow({ serverTime: status.serverTime, authenticated: true });
    if (status.state === 'held') this.#ticketConfirmedAtMs = undefined;
    const idle = this.#k3sVersion === undefined && this.#fetching === undefined;
    if (idle && mayFetchAhead(status.state)) this.#fetch().catch((error: unknown) => this.#report(asUsherError(error)));
  }

  /** One download at a time, shared by whoever waits for it. */
  #fetch(): Promise<void> {
    const { artifacts } = this.#options;
    this.#fetching ??= artifacts
      .ensure(this.#connected(), architecture(), (progress) => this.#showProgress(progress))
      .then(
        (k3sVersion) => {
          this.#k3sVersion = k3sVersion;
          this.#fetchProblem = undefined;
        },
        (error: unknown) => {
          this.#fetchProblem = problemOf(asUsherError(error));
          throw error;
        },
      )
      .finally(() => {
        this.#fetching = undefined;
        this.#progress = undefined;
      });
    return this.#fetching;
  }

  async #join(): Promise<void> {
    const { paths, clock, time, k3s } = this.#options;
    // Before a ticket is spent on a k3s that cannot start.
    if (this.#local.phase !== 'started') await k3s.checkRoom();
    const ticket = await this.#connected().join(await readBootFacts(paths));
    await time.follow({ serverTime: ticket.serverTime, authenticated: true });
    if (ticket.k3sVersion !== this.#k3sVersion) await this.#fetch();
    if (ticket.ticketId !== this.#local.ticketId || this.#local.phase !== 'started') await this.#use(ticket);
    else await k3s.follow(ticket.server, 'wait');
    this.#ticketConfirmedAtMs = clock.nowMs();
  }

  /**
   * A ticket counts as begun (its id is on the disk) before k3s can have made anything with it, so that a power cut never
   * makes the next start remove what k3s made with this very ticket.
   */
  async #use(ticket: JoinTicket): Promise<void> {
    const { k3s, logger } = this.#options;
    const { ticketId, nodeName } = ticket;
    if (ticketId !== this.#local.ticketId) await k3s.clearForNewTicket();
    await Promise.all([k3s.write(ticket), this.#save({ phase: 'applying', ticketId, nodeName })]);
    await this.#startK3s();
    this.#joinedReported = false;
    await this.#save({ phase: 'started' });
    logger.info({ ticketId, nodeName }, 'k3s-agent started with the ticket');
  }

  async #recover(step: Step, error: UsherError): Promise<void> {
    const { clock, logger, random } = this.#options;
    this.#failures += 1;
    this.#problem = problemOf(error);
    logger.warn({ step, code: this.#problem.code, detail: error.message, failures: this.#failures }, 'step failed');
    if (isUsherError(error, 'NO_APPLIANCE_FOUND', 'APPLIANCE_NOT_TRUSTED')) this.#disconnect();
    else await this.#report(error);
    this.#show(step);
    const delayMs = askedDelayMs(error) ?? retryDelayMs(this.#failures, this.#eager, random);
    if (this.#client === undefined) return this.#waitForNetwork(delayMs);
    await sleep(clock, delayMs);
    if (this.#status !== undefined && refusalCodeOf(error) !== undefined) await this.#refresh();
  }

  /** After a refusal: what the appliance thinks of this device now. When it does not know it any more, hello is next. */
  async #refresh(): Promise<void> {
    try {
      this.#status = await this.#connected().status(0);
    } catch (error) {
      this.#options.logger.debug({ code: asUsherError(error).code }, 'no status');
      this.#status = undefined;
    }
  }

  #disconnect(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#status = undefined;
    this.#ticketConfirmedAtMs = undefined;
    this.#joinedReported = false;
  }

  /** Tells the appliance of a fault of the device itself, once. */
  async #report(error: UsherError): Promise<void> {
    if (this.#client !== undefined && this.#status !== undefined) await this.#faults.tell(this.#client, error);
  }

  async #takeFaultBack(): Promise<void> {
    if (this.#client === undefined || this.#fetchProblem !== undefined) return;
    this.#status = (await this.#faults.takeBack(this.#client)) ?? this.#status;
  }

  /** Waits, but no longer than until the addresses or routes change: then a cable was plugged or a lease has come. */
  async #waitForNetwork(delayMs: number): Promise<void> {
    const { clock } = this.#options;
    // Counted, not compared with a clock that may be set meanwhile.
    for (let leftMs = delayMs; leftMs > 0; leftMs -= NETWORK_LOOK_MS) {
      await sleep(clock, Math.min(NETWORK_LOOK_MS, leftMs));
      if ((await fingerprint(this.#options.network)) === this.#networkSeen) continue;
      this.#failures = 0;
      this.#eager = true;
      return;
    }
  }

  #connected(): EnrolClient {
    if (this.#client === undefined) throw new UsherError('NO_APPLIANCE_FOUND', { tried: 'no connection' });
    return this.#client;
  }

  async #save(change: Partial<LocalState>): Promise<void> {
    this.#local = { ...this.#local, ...change };
    await writeState(this.#options.paths.state, this.#local);
  }

  #showProgress(progress: Progress): void {
    this.#progress = progress;
    const nowMs = this.#options.clock.nowMs();
    if (Math.abs(nowMs - this.#progressShownAtMs) < PROGRESS_EVERY_MS) return;
    this.#progressShownAtMs = nowMs;
    this.#show(this.#step);
  }

  /** In the order of the calls, and without holding up the enrolment. */
  #show(step: Step): void {
    this.#step = step;
    const view: ConsoleView = {
      deviceId: this.#options.identity.deviceId,
      step,
      state: this.#status?.state,
      nodeName: this.#status?.nodeName ?? this.#local.nodeName,
      applianceUrl: this.#client?.origin,
      progress: this.#progress,
      problem: this.#problem ?? this.#fetchProblem ?? this.#status?.reason,
      warnings: this.#warnings,
    };
    this.#shown = this.#shown.then(() => this.#options.console.show(view));
  }
}

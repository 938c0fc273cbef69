import { type Clock, sleep } from '../../foundation/clock.ts';
import { asUsherError, isUsherError, UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { healthWarnings } from '../../join/protocol/health.ts';
import type { DeviceHello, EnrolStatus, JoinTicket } from '../../join/protocol/messages.ts';
import type { ArtifactStore } from './adapters/artifacts.ts';
import { type Card, readCard, scrubCard } from './adapters/card.ts';
import type { DeviceConsole } from './adapters/console.ts';
import type { DeviceIdentity } from './adapters/device-key.ts';
import type { EnrolClient } from './adapters/enrol-client.ts';
import { findAppliance } from './adapters/finder.ts';
import { readBootFacts, readHello } from './adapters/hello.ts';
import type { K3sNode } from './adapters/k3s-node.ts';
import type { Led } from './adapters/led.ts';
import { fingerprint, type Network } from './adapters/network.ts';
import { pointToRegistry } from './adapters/registry.ts';
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
import type { ConsoleView, Problem } from './core/console-text.ts';
import type { DevicePaths } from './core/device-paths.ts';
import type { QrEncoder } from './core/half-blocks.ts';
import { FRESH_STATE, type LocalState, withSite } from './core/local-state.ts';
import { askedDelayMs, problemInOwnWords, problemOf, refusalCodeOf } from './core/refusal.ts';
import { pollPauseMs, retryDelayMs } from './core/retry-schedule.ts';
import { ClaimMode } from './claim-mode.ts';
import { FaultReporter } from './fault-reporter.ts';
import { Fetching } from './fetching.ts';
import { Identification } from './identification.ts';
import { untilK3sRuns } from './until-k3s-runs.ts';
import { waitForNetwork } from './wait-for-network.ts';

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
  readonly encodeQr: QrEncoder;
  readonly led: Led;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Enrols this device, step by step as agent-plan.ts says, from whatever an earlier start left behind. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #faults: FaultReporter;
  readonly #identification: Identification;
  readonly #fetching: Fetching;
  #step: Step = 'await-card';
  #local: LocalState = FRESH_STATE;
  #card: Card | undefined;
  #claim: ClaimMode | undefined;
  #client: EnrolClient | undefined;
  #status: EnrolStatus | undefined;
  #tokenRefusedAtMs: number | undefined;
  #ticketConfirmedAtMs: number | undefined;
  #joinedReported = false;
  #k3sDown = false;
  #problem: Problem | undefined;
  #warnings: readonly Problem[] = [];
  #failures = 0;
  #eager = true;
  #networkSeen = '';
  #shown: Promise<void> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#faults = new FaultReporter(options.logger);
    this.#identification = new Identification({ ...options, onChange: () => this.#show(this.#step) });
    this.#fetching = new Fetching({ ...options, onProgress: () => this.#show(this.#step) });
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
    this.#claim?.close();
    // From now on the node's own identifying (identify.ts) has LED and console.
    this.#identification.stop();
    await this.#identification.over();
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
      hasCode: this.#claim !== undefined,
      codeEntered: this.#status?.codeEntered === true,
      cardHoldsToken: this.#card?.token !== undefined || this.#card?.generic?.code !== undefined,
      phase: this.#local.phase,
      connected: this.#client !== undefined,
      state: this.#status?.state,
      artifactsReady: this.#fetching.k3sVersion !== undefined,
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
        if (this.#local.site === undefined && this.#claim === undefined) throw new UsherError('CARD_MISSING');
        return;
      case 'find':
        return this.#find();
      case 'hello':
        return this.#hello();
      case 'poll':
        return this.#poll();
      case 'prove':
        return this.#prove();
      case 'fetch':
        return this.#fetch();
      case 'join':
        return this.#join();
      case 'report-joined':
        await untilK3sRuns(k3s, this.#options.clock);
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

  async #readCard(): Promise<void> {
    this.#card = await readCard(this.#options.paths.card);
    const { site, generic } = this.#card ?? {};
    if (generic !== undefined) {
      const onChange = (): void => this.#show(this.#step);
      this.#claim ??= new ClaimMode({ ...this.#options, card: generic, onChange });
    }
    if (site !== undefined) {
      const local = withSite(this.#local, site);
      if (JSON.stringify(local) !== JSON.stringify(this.#local)) await this.#save(local);
    }
    const { issuedAt } = this.#local.site ?? generic ?? {};
    if (issuedAt !== undefined) await this.#options.time.raiseTo(issuedAt);
  }

  async #find(): Promise<void> {
    const { identity, network, logger } = this.#options;
    const { applianceUrl } = this.#local;
    const site = this.#local.site ?? this.#claim;
    this.#networkSeen = await fingerprint(network);
    if (site === undefined) return;
    this.#client = await findAppliance({ site, lastUrl: applianceUrl, identity, network, logger });
    this.#local = { ...this.#local, applianceUrl: this.#client.origin };
    this.#eager = false;
    this.#problem = undefined;
  }

  async #hello(): Promise<void> {
    const { clock } = this.#options;
    const hello = await this.#readHello();
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

  async #readHello(): Promise<DeviceHello> {
    const { paths, identity, clock, time } = this.#options;
    const token = this.#card?.token;
    const hasCode = this.#claim !== undefined;
    const clockSynchronised = await time.isSynchronised();
    return await readHello({ paths, deviceId: identity.deviceId, token, hasCode, clock, clockSynchronised });
  }

  /** From here on only the appliance that proved the code is believed. The pin is kept before the label's code is dead. */
  async #prove(): Promise<void> {
    if (this.#claim === undefined) return;
    const caPem = this.#local.site?.caPem;
    const { origin } = this.#connected();
    await this.#save({ site: await this.#claim.prove({ origin, caPem, hello: await this.#readHello() }) });
    if (this.#claim.isLabelled) {
      await scrubCard(this.#options.paths.card);
      this.#card = undefined;
      this.#claim = undefined;
    }
    this.#disconnect();
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
    const isTrusted = this.#local.site !== undefined;
    const pauseMs = pollPauseMs({ isTrusted, isNews: status.version !== version, tookMs, ...status });
    if (pauseMs > 0) await sleep(clock, pauseMs);
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
    if (status.identify !== undefined) this.#identification.show(status.identify);
    const authenticated = this.#local.site !== undefined;
    await this.#options.time.follow({ serverTime: status.serverTime, authenticated });
    if (!authenticated) return;
    if (status.state === 'held') this.#ticketConfirmedAtMs = undefined;
    if (!this.#fetching.isIdle || !mayFetchAhead(status.state)) return;
    this.#fetch().catch((error: unknown) => this.#report(asUsherError(error)));
  }

  async #fetch(): Promise<void> {
    await this.#fetching.run(this.#connected());
  }

  async #join(): Promise<void> {
    const { paths, clock, time, k3s } = this.#options;
    // Before a ticket is spent on a k3s that cannot start.
    if (this.#local.phase !== 'started') await k3s.checkRoom();
    const ticket = await this.#connected().join(await readBootFacts(paths));
    await time.follow({ serverTime: ticket.serverTime, authenticated: true });
    if (ticket.k3sVersion !== this.#fetching.k3sVersion) await this.#fetch();
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
    const { site } = this.#local;
    if (site !== undefined) await pointToRegistry(this.#options, site, this.#connected().origin);
    await Promise.all([k3s.write(ticket), this.#save({ phase: 'applying', ticketId, nodeName })]);
    await this.#startK3s();
    this.#joinedReported = false;
    await this.#save({ phase: 'started' });
    logger.info({ ticketId, nodeName }, 'k3s-agent started with the ticket');
  }

  async #recover(step: Step, error: UsherError): Promise<void> {
    const { clock, logger, random } = this.#options;
    this.#failures += 1;
    const isTrusted = this.#local.site !== undefined;
    this.#problem = isTrusted ? problemOf(error) : problemInOwnWords(error, this.#options.identity.deviceId);
    logger.warn({ step, code: this.#problem.code, detail: error.message, failures: this.#failures }, 'step failed');
    if (isUsherError(error, 'NO_APPLIANCE_FOUND', 'APPLIANCE_NOT_TRUSTED', 'APPLIANCE_UNPROVEN')) this.#disconnect();
    else if (isTrusted) await this.#report(error);
    this.#show(step);
    const delayMs = askedDelayMs(error) ?? retryDelayMs(this.#failures, this.#eager, random);
    if (this.#client === undefined) {
      const wait = { network: this.#options.network, clock, seen: this.#networkSeen, delayMs };
      if ((await waitForNetwork(wait)) === 'changed') {
        this.#failures = 0;
        this.#eager = true;
      }
      return;
    }
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
    if (this.#client === undefined || this.#fetching.problem !== undefined) return;
    this.#status = (await this.#faults.takeBack(this.#client)) ?? this.#status;
  }

  #connected(): EnrolClient {
    if (this.#client === undefined) throw new UsherError('NO_APPLIANCE_FOUND', { tried: 'no connection' });
    return this.#client;
  }

  async #save(change: Partial<LocalState>): Promise<void> {
    this.#local = { ...this.#local, ...change };
    await writeState(this.#options.paths.state, this.#local);
  }

  /** In the order of the calls, and without holding up the enrolment. */
  #show(step: Step): void {
    this.#step = step;
    const { deviceId } = this.#options.identity;
    const isTrusted = this.#local.site !== undefined;
    const state = this.#status?.state;
    // What is known of the appliance as long as it has proven nothing is where it answers.
    const reason = isTrusted ? this.#status?.reason : this.#claim && problemInOwnWords(undefined, deviceId);
    const view: ConsoleView = {
      deviceId,
      step,
      state: isTrusted || state === undefined ? state : 'pending',
      nodeName: (isTrusted ? this.#status?.nodeName : undefined) ?? this.#local.nodeName,
      applianceUrl: this.#client?.origin,
      progress: this.#fetching.progress,
      problem: this.#problem ?? this.#fetching.problem ?? reason,
      claimCode: !isTrusted || state === 'pending' ? this.#claim?.view() : undefined,
      warnings: this.#warnings,
      identify: this.#identification.words,
    };
    this.#shown = this.#shown.then(() => this.#options.console.show(view));
  }
}

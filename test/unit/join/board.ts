import type { Ticket } from '../../../join/core/ports.ts';
import { type JoinSite, Pi, settle } from './join-site.ts';

/** A Pi whose agent can be held at each of its steps, and which goes on from anywhere as the real one does. */
export class Board {
  /** Asks for a ticket when it is approved. */
  asks = true;
  /** Its k3s starts with the ticket it has. */
  joins = true;
  /** Its kubelet says that it is Ready. */
  isReady = true;
  /** Says hello and asks how it stands. */
  calls = true;
  readonly #site: JoinSite;
  readonly #lateName: string | undefined;
  #pi: Pi;
  #ticket: Ticket | undefined;
  #isGreeted = false;
  #toReport: string | undefined;
  readonly #running = new Set<string>();

  /** `lateName`: the name under which its k3s comes with a ticket that had been given up. */
  constructor(site: JoinSite, serial: string, lateName?: string) {
    this.#site = site;
    this.#lateName = lateName;
    this.#pi = new Pi(site, serial);
  }

  get id(): string {
    return this.#pi.id;
  }

  /** The same key in another board. */
  moveTo(serial: string, key: string): void {
    this.#pi = new Pi(this.#site, serial, undefined, key);
    this.#isGreeted = false;
  }

  /** What its agent and its k3s do in one moment, whatever happened before. */
  async live(): Promise<void> {
    if (this.#site.isUp() && this.calls) this.#runAgent();
    await settle();
    if (this.joins && !this.#site.isApiAway()) await this.#runK3s();
    await settle();
  }

  /** Reports a fault; it is repeated in every moment until the appliance has heard it. */
  report(detail: string): void {
    this.#toReport = detail;
  }

  get isHeard(): boolean {
    return this.#toReport === undefined;
  }

  #runAgent(): void {
    // Answers may need time to pass, and that is for the walk to let.
    if (!this.#isGreeted) {
      this.#once('hello', () => this.#greet());
      return;
    }
    const { state } = this.#site.desk.statusOf(this.id);
    if (this.#toReport !== undefined) this.#once('report', () => this.#report(this.#toReport ?? ''));
    // A ticket is confirmed as long as no Node is there; elsewhere in the chart it has none.
    if (state === 'approved' && this.asks) this.#once('join', () => this.#ask());
    if (state !== 'approved' && state !== 'joined') this.#ticket = undefined;
  }

  #once(what: string, request: () => Promise<void>): void {
    if (this.#running.has(what)) return;
    this.#running.add(what);
    void request().finally(() => this.#running.delete(what));
  }

  async #report(detail: string): Promise<void> {
    const report = { v: 1, code: 'K3S_AGENT_DOWN', detail } as const;
    const reply = await this.#site.ask((desk) => desk.report(this.id, report).then(answered, failed));
    if (reply === 'answered') this.#toReport = undefined;
  }

  async #greet(): Promise<void> {
    const { proven, evidence } = this.#pi;
    const reply = await this.#site.ask((desk) => desk.admit(proven, evidence).then(answered, failed));
    this.#isGreeted = reply === 'answered';
  }

  async #ask(): Promise<void> {
    const reply = await this.#pi.askTicket();
    this.#ticket = typeof reply === 'object' ? reply : undefined;
  }

  /** Once it has its Node, a kubelet needs nobody. */
  async #runK3s(): Promise<void> {
    const name = this.#ticket?.nodeName ?? this.#lateName;
    if (name === undefined) return;
    const node = await this.#site.node(name);
    const isMade = node !== undefined || (this.#ticket !== undefined && (await this.#site.registerNode(this.#ticket)));
    if (!isMade || node?.status?.conditions?.[0]?.status === (this.isReady ? 'True' : 'False')) return;
    await settle();
    await this.#site.setNodeReady(name, this.isReady);
  }
}

const answered = (): 'answered' => 'answered';
const failed = (): 'failed' => 'failed';

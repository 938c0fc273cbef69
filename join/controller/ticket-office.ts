import { isUsherError, UsherError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';
import { joinTokenOf } from '../../k8s/bootstrap-token.ts';
import { verifyNodePassword } from '../../k8s/node-password.ts';
import type { Ticket } from '../core/ports.ts';
import {
  derivationLabel,
  NODE_PASSWORD_BYTES,
  PASSWORD_SALT_BYTES,
  TOKEN_ID_LENGTH,
  TOKEN_SECRET_LENGTH,
  toTokenText,
  type TicketId,
  type TicketPlan,
} from '../core/ticket.ts';
import type { TicketObjects } from './ports.ts';
import type { TicketKey } from './ticket-key.ts';

/** Tickets whose node password a device may still have on its disk: the last, and those that failed since its Node. */
const REMEMBERED_TICKETS = 8;

export interface TicketOfficeOptions {
  readonly key: TicketKey;
  readonly objects: TicketObjects;
  /** SHA-256 of the cluster's CA certificate as served at /cacerts, lower-case hex. */
  readonly clusterCaHash: () => Promise<string>;
  /** URL of the k3s supervisor as devices reach it. */
  readonly serverUrl: () => string;
  /** The hash of a node password as k3s reads it (k3s-contract.md, line 5). */
  readonly hashPassword: (password: Secret, salt: Uint8Array) => Promise<string>;
}

/**
 * Makes and burns tickets. All secrets of a ticket are derived from the ticket key, the device's uid and the number of
 * the attempt, so making one again after a crash or a lost reply makes the very same one.
 */
export class TicketOffice {
  readonly #options: TicketOfficeOptions;
  /** By uid of the device: the earlier ticket whose node password is bound to its name still. */
  readonly #kept = new Map<string, number>();

  constructor(options: TicketOfficeOptions) {
    this.#options = options;
  }

  /** Public id of the ticket: that of its bootstrap token. */
  idOf(ticket: TicketId): string {
    return this.#token(ticket).id;
  }

  async makeNodePassword(plan: TicketPlan): Promise<void> {
    const wanted = await this.#hash(plan);
    const bound = await this.#options.objects.ensureNodePassword(plan.nodeName, this.#password(plan), wanted);
    const attempt = bound === wanted ? plan.attempt : await this.attemptOf(plan, bound);
    // It is of another device that had the name: k3s sweeps a password that no Node has, and then a ticket can be made.
    if (attempt === undefined) {
      throw new UsherError('TICKET_FAILED', {
        detail: `the node password of ${plan.nodeName} is still another device's`,
      });
    }
    if (attempt === plan.attempt) this.#kept.delete(plan.device.uid);
    else this.#kept.set(plan.device.uid, attempt);
  }

  async listName(plan: TicketPlan): Promise<void> {
    await this.#options.objects.listName(plan.nodeName, this.idOf(plan));
  }

  async makeBootstrapToken(plan: TicketPlan): Promise<void> {
    const { nodeName, expiresAtMs } = plan;
    await this.#options.objects.ensureBootstrapToken({ ...this.#token(plan), expiresAtMs, nodeName });
  }

  async burn(ticket: TicketId): Promise<void> {
    await this.#options.objects.deleteBootstrapToken(this.idOf(ticket));
  }

  async unlistName(nodeName: string): Promise<void> {
    await this.#options.objects.unlistName(nodeName);
  }

  async removeNodePassword(nodeName: string): Promise<void> {
    await this.#options.objects.removeNodePassword(nodeName);
  }

  /** The ticket as its device gets it. It is not made by this: all of its objects exist when it is handed out. */
  async ticketOf(plan: TicketPlan): Promise<Ticket> {
    const { id, secret } = this.#token(plan);
    const caHash = await this.#options.clusterCaHash();
    return {
      ticketId: id,
      nodeName: plan.nodeName,
      server: this.#options.serverUrl(),
      token: joinTokenOf(caHash, { id, secret }),
      nodePassword: this.#password({ ...plan, attempt: this.#kept.get(plan.device.uid) ?? plan.attempt }),
      expiresAtMs: plan.expiresAtMs,
    };
  }

  /**
   * Number of the ticket of this device, the given one or one of those before it, whose node password k3s keeps as `hash`,
   * with whatever salt; undefined when it is of none. About 100 ms for each when k3s made the hash.
   */
  async attemptOf({ device, attempt: last }: TicketId, hash: string): Promise<number | undefined> {
    for (let attempt = last; attempt > Math.max(0, last - REMEMBERED_TICKETS); attempt -= 1) {
      if (await verifyNodePassword(this.#password({ device, attempt }), hash)) return attempt;
    }
    return undefined;
  }

  /**
   * Undoes what belongs to no ticket any more. A name is listed before its token is made and taken off after the token is
   * deleted, with the ticket's id beside it: so the list of names knows every token that may be left over.
   * @param isOut whether this ticket, or another one for the name, is being made or is out; asked before each deletion
   * @returns the names that were taken off
   */
  async sweep(isOut: (entry: { ticketId: string } | { nodeName: string }) => boolean): Promise<string[]> {
    const { objects } = this.#options;
    const swept: string[] = [];
    for (const { nodeName, ticketId } of await objects.listedForTickets()) {
      if (isOut({ ticketId })) continue;
      await objects.deleteBootstrapToken(ticketId);
      // The name may have been listed anew meanwhile, for another ticket.
      if (isOut({ nodeName })) continue;
      await objects.unlistName(nodeName);
      swept.push(nodeName);
    }
    return swept;
  }

  #token(ticket: TicketId): { id: string; secret: Secret } {
    const bytes = this.#options.key.derive(derivationLabel('token', ticket));
    const text = toTokenText(bytes, TOKEN_ID_LENGTH + TOKEN_SECRET_LENGTH);
    // 64 bytes are too few for 22 characters once in 10^75 keys.
    if (text === undefined) throw new UsherError('TICKET_FAILED', { detail: 'no token can be derived' });
    return { id: text.slice(0, TOKEN_ID_LENGTH), secret: new Secret(text.slice(TOKEN_ID_LENGTH)) };
  }

  #password(ticket: TicketId): Secret {
    const bytes = this.#options.key.derive(derivationLabel('node-password', ticket));
    return new Secret(Buffer.from(bytes.subarray(0, NODE_PASSWORD_BYTES)).toString('hex'));
  }

  #hash(ticket: TicketId): Promise<string> {
    const salt = this.#options.key.derive(derivationLabel('password-salt', ticket)).subarray(0, PASSWORD_SALT_BYTES);
    return this.#options.hashPassword(this.#password(ticket), salt);
  }
}

/** `error` as a failure of the ticket, unless it says something more telling already. */
export function ticketFailure(error: unknown): UsherError {
  if (isUsherError(error, 'NODE_PASSWORD_FOREIGN', 'TICKET_FAILED', 'TICKET_TIMED_OUT')) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new UsherError('TICKET_FAILED', { detail }, { cause: error });
}

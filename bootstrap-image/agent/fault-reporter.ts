import { asUsherError, type UsherError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type EnrolStatus, NO_FAULT } from '../../join/protocol/messages.ts';
import type { EnrolClient } from './adapters/enrol-client.ts';
import { problemOf } from './core/refusal.ts';

const LONGEST_DETAIL = 512;
const LONGEST_PARAM = 256;

/** Tells the appliance of faults of the device itself: each once, and when they are over. */
export class FaultReporter {
  readonly #logger: Logger;
  #told = '';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async tell(client: EnrolClient, error: UsherError): Promise<void> {
    if (error.code === 'APPLIANCE_REFUSED') return;
    const { code, message } = problemOf(error);
    const known = `${code} ${message}`;
    if (known === this.#told) return;
    this.#told = known;
    const params = Object.fromEntries(
      Object.entries(error.params).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.slice(0, LONGEST_PARAM) : value,
      ]),
    );
    await this.#send(client, { code, detail: message.slice(0, LONGEST_DETAIL), params });
  }

  /** The fault told last, if any, is over. Gives what the appliance says to that. */
  async takeBack(client: EnrolClient): Promise<EnrolStatus | undefined> {
    if (this.#told === '') return undefined;
    this.#told = '';
    return await this.#send(client, { code: NO_FAULT, detail: '' });
  }

  async #send(
    client: EnrolClient,
    report: { code: string; detail: string; params?: Record<string, string | number> },
  ): Promise<EnrolStatus | undefined> {
    try {
      return await client.report({ v: 1, ...report });
    } catch (failure) {
      // It is told again when it happens again; the enrolment does not wait for that.
      this.#told = '';
      this.#logger.warn({ code: asUsherError(failure).code }, 'the appliance could not be told');
      return undefined;
    }
  }
}

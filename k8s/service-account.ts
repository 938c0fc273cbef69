import type { Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Secret } from '../foundation/secret.ts';
import { type AdminKubeClient, createKubeClient, type ServiceAccountToken } from './client/create-kube-client.ts';
import type { RequestCounts } from './client/request-counts.ts';
import { USHER_NAMESPACE } from './core/resources.ts';

/** Name of Usher's ServiceAccount in the namespace usher-system. */
export const USHER_ACCOUNT = 'usher';

const LIFETIME_SEC = 3600;
/** A token is renewed when this share of its life is over; the API server may have shortened it. */
const RENEW_AFTER = 0.5;
/** With less than this left, a request waits for the new token. */
const TOO_OLD_MS = 60_000;

/** Short-lived tokens of Usher's ServiceAccount, renewed in the background while the old one is still good. */
export class ServiceAccountTokens {
  readonly #admin: Pick<AdminKubeClient, 'requestServiceAccountToken'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #current: (ServiceAccountToken & { renewAtMs: number }) | undefined;
  #renewal: Promise<void> | undefined;

  constructor(options: { admin: Pick<AdminKubeClient, 'requestServiceAccountToken'>; clock: Clock; logger: Logger }) {
    this.#admin = options.admin;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /**
   * A token that is good for at least a minute.
   * @throws UsherError KUBE_* when there is none and none can be had
   */
  async token(): Promise<Secret> {
    const nowMs = this.#clock.nowMs();
    const current = this.#current;
    if (current === undefined || current.expiresAtMs - nowMs < TOO_OLD_MS) {
      await this.#renew();
    } else if (nowMs >= current.renewAtMs) {
      this.#renew().catch((error: unknown) => {
        this.#logger.warn({ detail: messageOf(error) }, 'the token of the ServiceAccount could not be renewed yet');
      });
    }
    return (this.#current ?? (await this.#request())).token;
  }

  /** Drops a token that the API server refused; the next request waits for a new one. */
  invalidate(): void {
    this.#current = undefined;
  }

  async #renew(): Promise<void> {
    this.#renewal ??= this.#request()
      .then(() => undefined)
      .finally(() => {
        this.#renewal = undefined;
      });
    await this.#renewal;
  }

  async #request(): Promise<ServiceAccountToken> {
    const nowMs = this.#clock.nowMs();
    const account = { name: USHER_ACCOUNT, namespace: USHER_NAMESPACE };
    const token = await this.#admin.requestServiceAccountToken(account, LIFETIME_SEC);
    this.#current = { ...token, renewAtMs: nowMs + (token.expiresAtMs - nowMs) * RENEW_AFTER };
    return token;
  }
}

/**
 * A client with just the rights of Usher's ServiceAccount (k8s/manifests/rights.yaml), which the appliance works with.
 * installUsher must have run.
 */
export function serviceAccountClient(options: {
  admin: Pick<AdminKubeClient, 'endpoint' | 'requestServiceAccountToken'>;
  clock: Clock;
  logger: Logger;
  counts?: RequestCounts;
}): AdminKubeClient {
  const { admin, clock, logger, counts } = options;
  const tokens = new ServiceAccountTokens({ admin, clock, logger });
  const access = { ...admin.endpoint, token: () => tokens.token(), invalidate: () => tokens.invalidate() };
  return createKubeClient({ access, clock, logger, ...(counts === undefined ? {} : { counts }) });
}

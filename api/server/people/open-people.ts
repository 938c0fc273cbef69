import { join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { Random } from '../../../foundation/random.ts';
import type { AlarmBook } from '../../../k8s/alarms.ts';
import type { KubeClient } from '../../../k8s/client/kube-client.ts';
import { SECRET, USHER_NAMESPACE } from '../../../k8s/core/resources.ts';
import { Access } from '../access.ts';
import type { ApiToken } from '../api-token.ts';
import { isOfUser, Sessions } from '../sessions.ts';
import { SignIn } from '../sign-in.ts';
import { ApiTokenRecord, ApiTokens } from './api-tokens.ts';
import { AttemptLimits } from './attempt-limits.ts';
import { KubeAuditAnchor } from './audit-anchor.ts';
import { AuditLog } from './audit-log.ts';
import { Oidc, readOidcConfig } from './oidc.ts';
import { Passkeys } from './passkeys.ts';
import { Passwords } from './passwords.ts';
import { PEOPLE_LABEL, SecretBook } from './secret-book.ts';
import { UserRecord, Users } from './users.ts';

export interface PeopleOptions {
  kube: KubeClient;
  /** The command line's token. */
  cliToken: ApiToken;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Gets the folder `audit`. */
  stateDir: string;
  siteName: () => string;
  /** Hears that nothing can be written to the audit log. */
  raiseAlarm?: AlarmBook['raise'];
  /** The file that says where else people may sign in. */
  oidcConfig?: string | undefined;
}

/** All that knows who people and programs are, and what they did. */
export interface People {
  readonly access: Access;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly users: Users;
  readonly passkeys: Passkeys;
  readonly apiTokens: ApiTokens;
  readonly oidc: Oidc | undefined;
  readonly audit: AuditLog;
  /** Failures to sign in, by address. */
  readonly addresses: AttemptLimits;
  readonly logger: Logger;
  close(): Promise<void>;
}

const ACCOUNT_LOCK_MS = 15 * 60_000;

/**
 * Opens users, tokens and the audit log.
 * @throws UsherError CONFIG_INVALID for the file of `oidcConfig`
 */
export async function openPeople(options: PeopleOptions): Promise<People> {
  const { kube, clock, random, logger, stateDir } = options;
  const external = options.oidcConfig === undefined ? undefined : await readOidcConfig(options.oidcConfig);
  const audit = await AuditLog.open({
    dir: join(stateDir, 'audit'),
    anchor: new KubeAuditAnchor(kube),
    clock,
    logger,
    onFailure: (occasion, detail) =>
      void options.raiseAlarm?.({ code: 'AUDIT_NOT_WRITTEN', params: { detail }, occasion }),
  });
  const informer = kube.inform(SECRET, { namespace: USHER_NAMESPACE, labelSelector: PEOPLE_LABEL });
  const common = { kube, informer, clock, logger };
  const userBook = new SecretBook({ ...common, kind: 'user', shape: UserRecord });
  const tokenBook = new SecretBook({ ...common, kind: 'api-token', shape: ApiTokenRecord });
  const addresses = new AttemptLimits(clock);
  const accounts = new AttemptLimits(clock, { longestLockMs: ACCOUNT_LOCK_MS });
  const sessions = new Sessions(clock, random);
  // However a user was changed, also by kubectl: who is signed in never has more than the user has.
  userBook.onChange((name, record) => {
    sessions.endAll((session) => isOfUser(session, name) && session.user.role !== record?.role);
  });
  const users = new Users({ book: userBook, passwords: new Passwords(random), clock, random, addresses, accounts });
  const isAdmin = users.isAdmin.bind(users);
  const apiTokens = new ApiTokens({ book: tokenBook, clock, random, isAdmin });
  return {
    access: new Access(options.cliToken, apiTokens, sessions),
    sessions,
    signIn: new SignIn(clock, random, addresses),
    users,
    passkeys: new Passkeys({ book: userBook, clock, random, siteName: options.siteName }),
    apiTokens,
    oidc: external === undefined ? undefined : new Oidc({ ...external, clock, random }),
    audit,
    addresses,
    logger,
    close: async () => {
      userBook.close();
      tokenBook.close();
      await informer.stop();
      await audit.close();
    },
  };
}

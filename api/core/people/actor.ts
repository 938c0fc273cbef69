import type { Role } from './role.ts';

/**
 * Who acts: `user` and `oidc` are people by their names, `console` whoever typed the one-time code of the appliance's
 * console, `token` a program with an API token, `cli` the command line with `cli.json`, `system` the appliance itself.
 */
export type ActorType = 'user' | 'oidc' | 'console' | 'token' | 'cli' | 'system';

/** Who acts, with which rights, from where. */
export interface Actor {
  readonly type: ActorType;
  /** Name of a user, id of an API token, else the type itself. */
  readonly id: string;
  readonly role: Role;
  /** Address it came from; empty for the appliance itself. */
  readonly ip: string;
}

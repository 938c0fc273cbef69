import type { SessionView } from '../api/core/schemas.ts';

export type Role = NonNullable<SessionView['user']>['role'];

const RANK: Record<Role, number> = { viewer: 0, claimer: 1, admin: 2 };

/** Whether a role is at least the one that is needed. The appliance decides that itself, and again. */
export function reaches(role: Role | undefined, needed: Role): boolean {
  return role === undefined || RANK[role] >= RANK[needed];
}

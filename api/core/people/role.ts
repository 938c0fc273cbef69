/** What somebody may do. Each role may do all that those before it may. */
export const ROLES = ['viewer', 'claimer', 'admin'] as const;
/** A viewer reads; a claimer also claims, decides, identifies and imports; an admin also revokes and manages. */
export type Role = (typeof ROLES)[number];

/** Whether somebody with role `has` may do what needs role `needed`. */
export function mayDo(has: Role, needed: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(needed);
}

/** The role that may do the most; undefined when there is none. */
export function highestOf(roles: readonly Role[]): Role | undefined {
  return ROLES.findLast((role) => roles.includes(role));
}

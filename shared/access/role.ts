/** What a principal may do, least first; each role may do all that those before it may. */
export const roles = ['viewer', 'contributor', 'approver', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Whether who holds `held` may do what asks for `needed`. */
export function covers(held: Role | undefined, needed: Role): boolean {
  return held !== undefined && roles.indexOf(held) >= roles.indexOf(needed);
}

/** The lesser of two roles. */
export function lesser(a: Role, b: Role): Role {
  return covers(a, b) ? b : a;
}

/** What someone may do, least first; each role may do all that those before it may. */
export const roles = ['viewer', 'contributor', 'approver', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

export const roleWords: Readonly<Record<Role, string>> = {
  viewer: 'sees everything',
  contributor: 'logs runs, registers models, edits what it made',
  approver: 'approves promotions, too',
  operator: 'runs endpoints, monitors and retraining, too',
  admin: 'decides who may do what, too',
};

export function covers(held: Role | null, needed: Role): boolean {
  return held !== null && roles.indexOf(held) >= roles.indexOf(needed);
}

import type { Resource } from './access.ts';
import type { GrantDocument, TokenDocument } from './model.ts';
import { type Role, roles } from './role.ts';

/**
 * The rules of access in the plainest words, for tests to compare with: each question reads all grants again,
 * as a list of numbers from 0 (nothing) to 5 (admin).
 */
export function naiveAccess(
  grants: readonly GrantDocument[],
  subjects: readonly string[],
  scopes: TokenDocument['scopes'],
  workspace: string,
  now: number,
) {
  const mine = grants.filter((g) => subjects.includes(g.subject) && !(g.expiresAt && g.expiresAt <= now));
  const level = (role: Role) => roles.indexOf(role) + 1;
  const best = (rules: readonly GrantDocument[]) =>
    Math.max(0, ...rules.map((g) => (g.rule.effect === 'allow' ? level(g.rule.role) : 0)));
  const denied = (rules: readonly GrantDocument[]) => rules.some((g) => g.rule.effect === 'deny');
  const isAbout = (g: GrantDocument, r: Resource) => g.resource?.type === r.type && g.resource.id === r.id;
  const capOf = () => (scopes.role ? level(scopes.role) : 5);

  function levelOf(resource?: Resource): number {
    if (scopes.workspaces && !scopes.workspaces.some((name) => name === '*' || name === workspace)) return 0;
    if (scopes.resources) {
      const named = scopes.resources.some((r) => r.type === resource?.type && r.id === resource.id);
      if (!named) return 0;
    }
    const here = mine.filter((g) => g.inWorkspace === '*' || g.inWorkspace === workspace);
    const general = here.filter((g) => !g.resource);
    const special = resource ? here.filter((g) => isAbout(g, resource)) : [];
    if (denied(general) || denied(special)) return 0;
    const levels = subjects.map((subject) => {
      const own = special.filter((g) => g.subject === subject);
      return best(own.length > 0 ? own : general.filter((g) => g.subject === subject));
    });
    return Math.min(capOf(), Math.max(0, ...levels));
  }

  function levelInDeployment(): number {
    if (scopes.resources || (scopes.workspaces && !scopes.workspaces.includes('*'))) return 0;
    const everywhere = mine.filter((g) => g.inWorkspace === '*' && !g.resource);
    return denied(everywhere) ? 0 : Math.min(capOf(), best(everywhere));
  }

  return {
    may: (role: Role, resource?: Resource) => levelOf(resource) >= level(role),
    mayInDeployment: (role: Role) => levelInDeployment() >= level(role),
  };
}

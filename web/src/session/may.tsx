import { createContext, type ReactNode, useContext } from 'react';
import { covers, type Role } from './roles.ts';
import { type Session, useSession } from './session.ts';

/** What rules can be about, beside whole workspaces. A run goes with its experiment, a version with its model. */
export type Resource = { readonly type: 'experiment' | 'model' | 'endpoint'; readonly id: string };

const Around = createContext<Resource | undefined>(undefined);

type OnProps = { readonly resource: Resource | undefined; readonly children: ReactNode };

/** The part of a page that is about one thing: what may be done there is what may be done to it. */
export function On({ resource, children }: OnProps) {
  return <Around value={resource}>{children}</Around>;
}

/**
 * Whether it makes sense to offer what asks for `role`: on the thing that the page is {@link On}, or in the
 * workspace. The server decides; this spares the reader a refusal.
 */
export function useMay(role: Role): boolean {
  return covers(useRole(), role);
}

/** The role that the reader holds on the thing that the page is {@link On}, or in the workspace. */
export function useRole(): Role | null {
  return roleOn(useSession(), useContext(Around));
}

/** The same of what belongs to no workspace: people, groups, workspaces themselves. */
export function useMayInDeployment(): boolean {
  return useSession().is_deployment_admin;
}

type MayProps = { readonly needs: Role; readonly children: ReactNode };

/** What is offered to those only who hold a role. */
export function May({ needs, children }: MayProps) {
  return useMay(needs) ? children : null;
}

/** A rule about a thing stands in place of the role in the workspace. */
export function roleOn({ role, resources }: Session, resource: Resource | undefined): Role | null {
  const rule = resource && resources.find(({ type, id }) => type === resource.type && id === resource.id);
  return rule ? rule.role : role;
}

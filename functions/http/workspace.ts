import {
  type Access,
  accessOf,
  accessState,
  type AccessState,
  defaultWorkspace,
  fullAccess,
  type Identity,
  isWorkspace,
  listWorkspaces,
  noAccess,
  type WorkspaceDocument,
  workspacePattern,
} from '../../shared/access/index.ts';
import type { Context } from '../../shared/context.ts';
import { CairnError, hides, type Page, type Route } from '../../shared/http/index.ts';

const header = 'x-mlflow-workspace';

/** The workspace that a request names, the default one where it names none. Throws `invalid` for what can be no name. */
export function workspaceOf(request: Request, { workspaceInQuery }: Pick<Route, 'workspaceInQuery'>): string {
  const inQuery = workspaceInQuery && new URL(request.url).searchParams.get('workspace');
  if (inQuery) {
    if (workspacePattern.test(inQuery)) return inQuery;
    throw new CairnError(
      'invalid',
      "'workspace' must be lower-case letters, digits and hyphens, at most 63.",
      { field: 'workspace' },
    );
  }
  const workspace = request.headers.get(header) || defaultWorkspace;
  if (workspacePattern.test(workspace)) return workspace;
  throw new CairnError(
    'invalid',
    'X-MLFLOW-WORKSPACE must be lower-case letters, digits and hyphens, at most 63.',
    { field: 'X-MLFLOW-WORKSPACE' },
  );
}

/**
 * What a caller may do in the workspace that they name. Throws `not-found` alike for a workspace that does not
 * exist and one in which they hold no role, where the route is about a workspace: names cannot be probed. The
 * default workspace is known to everyone; there they are told which role they lack.
 */
export async function accessTo(
  port: Pick<Context, 'stores' | 'clock' | 'log' | 'settings'>,
  identity: Identity,
  workspace: string,
  { role, scope }: Route,
): Promise<Access> {
  if (port.settings.auth === 'off') return fullAccess;
  if (role === 'public') return noAccess;
  const state = await accessState(port);
  const access = accessIn(port, identity, state, workspace);
  if (workspace === defaultWorkspace || role === 'signed-in' || scope === 'deployment') return access;
  if (isWorkspace(state, workspace) && access.isMember) return access;
  throw notThere(workspace, 'X-MLFLOW-WORKSPACE');
}

/** What a caller may do in a workspace by the rules of `state`, whether there is such a workspace or not. */
export function accessIn(
  { settings, clock }: Pick<Context, 'settings' | 'clock'>,
  identity: Identity,
  state: AccessState,
  workspace: string,
): Access {
  if (settings.auth === 'off') return fullAccess;
  return accessOf(identity, state, workspace, settings, clock.now());
}

/** The workspaces that the caller may enter, be it for a single thing in them, by name. */
export function enterableWorkspaces(
  ctx: Context,
  identity: Identity,
  asked: { readonly limit: number; readonly pageToken: string | undefined },
): Promise<Page<WorkspaceDocument>> {
  return listWorkspaces(ctx, (name, state) => accessIn(ctx, identity, state, name).isMember, asked);
}

/**
 * What the caller may do in a workspace other than the one their request names, by what it asks for in `field`.
 * `*` is the deployment. Throws `not-found` as {@link accessTo} does.
 */
export async function accessElsewhere(
  ctx: Context,
  identity: Identity,
  workspace: string,
  field = 'workspace',
): Promise<Access> {
  if (ctx.settings.auth === 'off' || workspace === ctx.workspace || workspace === '*') return ctx.access;
  const state = await accessState(ctx);
  const access = accessIn(ctx, identity, state, workspace);
  if (access.inDeployment === 'admin' || (isWorkspace(state, workspace) && access.isMember)) return access;
  throw notThere(workspace, field);
}

function notThere(workspace: string, field: string): CairnError {
  return hides(
    new CairnError(
      'not-found',
      `Workspace '${workspace.slice(0, 100)}' does not exist, or you hold no role in it; GET /api/v1/session lists yours.`,
      { field },
    ),
  );
}
